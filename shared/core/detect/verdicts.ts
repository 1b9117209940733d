import { advance, LONGEST_LAG_MS } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { DetectOptions, PointScore, Verdict } from "./score-point.ts";

/** What somebody said of a run of anomalous points. */
export interface StretchVerdict extends Verdict {
  /** No point has ended it yet: `to` is how far it may reach. */
  readonly isOpen: boolean;
}

/** A verdict with when it was said, Unix ms. */
export interface SaidVerdict extends StretchVerdict {
  readonly at: number;
}

/** A run of anomalous points: Unix ms, `to` exclusive. */
export type Stretch = Pick<StretchVerdict, "from" | "to" | "isOpen">;

/** A stretch that no point ends is over after this, counted from its start. */
export const LONGEST_OPEN_MS = 7 * 86_400_000;

/** Whether nothing is to be raised in a stretch: it is known, or none of the series' own. */
export const isQuelling = ({ verdict }: Pick<Verdict, "verdict">): boolean => verdict !== "incident";

/** The stored points around an anomaly, Unix ms, ascending. */
export interface PointsAround {
  readonly before: Float64Array;
  /** Scored points only. */
  readonly after: Float64Array;
  /** There are more points after them. */
  readonly isCut: boolean;
}

/**
 * The run of consecutive anomalous points that one of them lies in: from the first of them to the first point that is none.
 *
 * @param anomaly.clearedAt - Unix ms; null while it is open.
 * @param anomalous - Timestamps of the series' anomalies: between the outermost of the points.
 * @param calmTo - The newest scored point of the series that was none, Unix ms; null before the first. What raised nothing because of what was said of it
 *   is no anomaly, and not calm either.
 */
export function stretchAround(
  { timestamp, clearedAt }: { readonly timestamp: number; readonly clearedAt: number | null },
  { before, after, isCut }: PointsAround,
  anomalous: ReadonlySet<number>,
  calmTo: number | null,
): Stretch {
  const isCalm = (at: number) => !anomalous.has(at) && at <= (calmTo ?? -1) && (at < timestamp || at >= (clearedAt ?? timestamp));
  const calmBefore = before.findLastIndex(isCalm);
  const from = before[calmBefore + 1] ?? timestamp;
  const calm = after.find(isCalm);
  if (calm !== undefined) return { from, to: calm, isOpen: false };
  const newest = after.at(-1) ?? timestamp;
  // What ended it may be past its retention.
  if (isCut || clearedAt !== null) return { from, to: Math.max(newest + 1, clearedAt ?? 0), isOpen: false };
  return { from, to: Math.max(from + LONGEST_OPEN_MS, newest + 1), isOpen: true };
}

/** Those verdicts that points which come in now may lie in, or points that still wait to be learned. */
export function verdictsAtHand(
  verdicts: readonly StretchVerdict[],
  scoredTo: number | null,
  { timestamps }: { readonly timestamps: Float64Array },
): StretchVerdict[] {
  let [low, high] = [(scoredTo ?? 0) - LONGEST_LAG_MS, -Infinity];
  for (const timestamp of timestamps) [low, high] = [Math.min(low, timestamp), Math.max(high, timestamp)];
  return verdicts.filter(({ from, to }) => to > low && from <= high);
}

/** A detector's scores under what was said of stretches. */
export interface JudgedScores {
  readonly scores: readonly PointScore[];
  /** Of each open stretch that has ended: the first point after it, in order, that was scored and not anomalous. */
  readonly closed: readonly { readonly from: number; readonly to: number }[];
  /** Whether at this time nothing is to be raised. */
  readonly isQuelled: (timestamp: number) => boolean;
}

/**
 * Advances a detector, which learns each point as was said of the stretch that it lies in; an open stretch ends with the first point that is
 * no longer anomalous, whatever batch that is in.
 *
 * @param state - Changed in place.
 * @param verdicts - Of the series.
 */
export function advanceJudged(
  state: DetectorState,
  points: { readonly timestamps: Float64Array; readonly values: Float64Array },
  options: DetectOptions,
  verdicts: readonly StretchVerdict[],
): JudgedScores {
  if (verdicts.length === 0) return { scores: advance(state, points, options), closed: [], isQuelled: () => false };

  let known = [...verdicts];
  const scores: PointScore[] = [];
  const closed: { from: number; to: number }[] = [];
  const n = points.timestamps.length;
  for (let row = 0; row < n;) {
    const isOpen = known.some((one) => one.isOpen);
    // While a stretch is open, what is learned of a point hangs on the score of the one before.
    const end = isOpen ? row + 1 : n;
    const newest = state.newest;
    const batch = { timestamps: points.timestamps.subarray(row, end), values: points.values.subarray(row, end) };
    const scored = advance(state, batch, { ...options, verdicts: known });
    for (const score of scored) scores.push(score);
    row = end;
    const [{ timestamp, anomalous, severity }] = scored as [PointScore];
    if (!isOpen || anomalous || severity === null || timestamp <= newest) continue;
    known = known.map((one) => {
      if (!one.isOpen || timestamp <= one.from || timestamp >= one.to) return one;
      closed.push({ from: one.from, to: timestamp });
      return { ...one, to: timestamp, isOpen: false };
    });
  }
  return {
    scores,
    closed,
    isQuelled: (timestamp) => known.some((one) => isQuelling(one) && one.from <= timestamp && timestamp < one.to),
  };
}
