import type { SeriesId } from "../../contract/ids.ts";
import { createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { Scoring } from "./effective-settings.ts";
import { scoreParts } from "./on-demand.ts";
import type { PointScore } from "./score-point.ts";
import { decodeState } from "./state-codec.ts";
import type { SaidVerdict } from "./verdicts.ts";

/** A detector as it was. Times are Unix ms. */
export interface Checkpoint {
  /** The newest point that was scored. */
  readonly at: number;
  /** When it was kept. */
  readonly madeAt: number;
  /** The detector, encoded. */
  readonly state: Uint8Array;
}

/** A checkpoint that can be gone on from. */
export interface DecodedCheckpoint extends Omit<Checkpoint, "state"> {
  readonly detector: DetectorState;
}

/** A detector is kept after about so many points that it has learned. */
export const POINTS_A_CHECKPOINT = 2_000;

/**
 * Whether a detector is to be kept: each time it has learned POINTS_A_CHECKPOINT more points, of each series beginning elsewhere, so that those that
 * came together are not all kept at once.
 *
 * @param learned - Points, before a batch and after it.
 */
export function isCheckpointDue(series: SeriesId, [before, after]: readonly [number, number]): boolean {
  // An id's last characters are as good as random.
  const offset = Number.parseInt(series.slice(-4), 32) % POINTS_A_CHECKPOINT;
  const turns = (n: number) => Math.floor((n + offset) / POINTS_A_CHECKPOINT);
  return turns(after) > turns(before);
}

/** Those checkpoints that can still be read, in their order; others are of an older version. */
export const readable = (checkpoints: readonly Checkpoint[]): DecodedCheckpoint[] =>
  checkpoints.flatMap(({ state, ...checkpoint }) => {
    const decoded = decodeState(state);
    return decoded.ok ? [{ ...checkpoint, detector: decoded.value }] : [];
  });

/**
 * Scores points as live detection did, a part at a time: from each checkpoint on with the detector that there was then, and what had been said by
 * then; before the first with a new one that begins with them.
 *
 * @param points - Unix ms, ascending, no timestamp twice, and finite values, shape (n,).
 * @param checkpoints - Ascending; their detectors are changed in place. Of those before the first point only the last counts.
 * @returns One score a point.
 */
export function* replay(
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  checkpoints: readonly DecodedCheckpoint[],
  { scoring, verdicts }: { readonly scoring: Scoring; readonly verdicts: readonly SaidVerdict[] },
): Generator<undefined, PointScore[]> {
  const scores: PointScore[] = [];
  let [detector, options] = [createDetector(scoring), { ...scoring, verdicts }];
  let row = 0;
  for (const next of [...checkpoints, null]) {
    const after = next === null ? -1 : timestamps.findIndex((timestamp) => timestamp > next.at);
    const end = after < 0 ? timestamps.length : after;
    if (end > row) {
      const part = { timestamps: timestamps.subarray(row, end), values: values.subarray(row, end) };
      for (const score of yield* scoreParts(detector, part, options)) scores.push(score);
      row = end;
    }
    if (next === null) break;
    // What was said later had the series learned anew, which made another checkpoint.
    detector = next.detector;
    options = { ...scoring, verdicts: verdicts.filter(({ at }) => at <= next.madeAt) };
  }
  return scores;
}
