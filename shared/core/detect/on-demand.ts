import { advance, scoreBehind } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { DetectOptions, PointScore } from "./score-point.ts";

/** So many points before a window are learned, not scored, where no better beginning is known. */
export const WARM_UP_POINTS = 4_096;
/** So many rows are scored at a time. */
const ROWS_A_PART = 1_000;

/** Unix ms and finite values, shape (n,). */
interface Rows {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** As scoreRows, a part at a time: between two parts whoever asked may leave the process to others. */
export function* scoreParts(state: DetectorState, rows: Rows, options: DetectOptions): Generator<undefined, PointScore[]> {
  const scores: PointScore[] = [];
  for (const part of inParts(rows)) {
    for (const score of scoreRows(state, part, options)) scores.push(score);
    yield;
  }
  return scores;
}

/** Rows of shape (n,), so many at a time that scoring them does not keep others waiting. */
export function* inParts({ timestamps, values }: Rows): Generator<Rows> {
  for (let start = 0; start < timestamps.length; start += ROWS_A_PART) {
    const end = start + ROWS_A_PART;
    yield { timestamps: timestamps.subarray(start, end), values: values.subarray(start, end) };
  }
}

/**
 * Scores rows in the order given, each forward one exactly as live detection would. A row that is not newer than all before it is scored
 * against what is known, and not learned.
 *
 * @param state - Changed in place.
 * @param rows - Unix ms and finite values, shape (n,).
 * @returns One score a row.
 */
export function scoreRows(state: DetectorState, { timestamps, values }: Rows, options: DetectOptions): PointScore[] {
  const scores: PointScore[] = [];
  for (let row = 0; row < timestamps.length;) {
    const isForward = timestamps[row]! > state.newest;
    let end = row + 1;
    while (end < timestamps.length && (isForward ? timestamps[end]! > timestamps[end - 1]! : timestamps[end]! <= state.newest)) end += 1;
    const run = { timestamps: timestamps.subarray(row, end), values: values.subarray(row, end) };
    for (const score of isForward ? advance(state, run, options) : scoreBehind(state, pointsOf(run), options)) scores.push(score);
    row = end;
  }
  return scores;
}

const pointsOf = ({ timestamps, values }: Rows) => Array.from(timestamps, (timestamp, row) => ({ timestamp, value: values[row]! }));
