import { advance } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";
import { decodeState, encodeState } from "./state-codec.ts";

/** So many points before a window are learned, not scored, where no better beginning is known. */
export const WARM_UP_POINTS = 4_096;
/** So many rows are scored at a time. */
const ROWS_A_PART = 1_000;

/** As scoreRows, a part at a time: between two parts whoever asked may leave the process to others. */
export function* scoreParts(
  state: DetectorState,
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  options: DetectOptions,
): Generator<undefined, PointScore[]> {
  const scores: PointScore[] = [];
  for (let start = 0; start < timestamps.length; start += ROWS_A_PART) {
    if (start > 0) yield;
    const end = start + ROWS_A_PART;
    const part = { timestamps: timestamps.subarray(start, end), values: values.subarray(start, end) };
    for (const score of scoreRows(state, part, options)) scores.push(score);
  }
  return scores;
}

/**
 * Scores rows in the order given, each forward one exactly as live detection would. A row that is not newer than all before it is scored
 * against what is known, and not learned.
 *
 * @param state - Changed in place.
 * @param rows - Unix ms and finite values, shape (n,).
 * @returns One score a row.
 */
export function scoreRows(
  state: DetectorState,
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  options: DetectOptions,
): PointScore[] {
  const scores: PointScore[] = [];
  for (let row = 0; row < timestamps.length;) {
    const forward = timestamps[row]! > state.newest;
    let end = row + 1;
    while (forward && end < timestamps.length && timestamps[end]! > timestamps[end - 1]!) end += 1;
    const run = { timestamps: timestamps.subarray(row, end), values: values.subarray(row, end) };
    for (const score of advance(forward ? state : copyOf(state), run, options)) scores.push(score);
    row = end;
  }
  return scores;
}

function copyOf(state: DetectorState): DetectorState {
  const copy = decodeState(encodeState(state));
  if (!copy.ok) throw new Error(`A state does not decode: ${copy.error.message}`);
  return copy.value;
}
