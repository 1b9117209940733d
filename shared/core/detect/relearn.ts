import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { Scoring } from "./effective-settings.ts";

/** So many points are learned at a time. */
const POINTS_A_PART = 1_000;

/**
 * Learns a series anew, a part at a time: between two parts whoever asked may leave the process to others. For points that came in time order,
 * all of them and by what holds now, the state is the one that live detection has, bit for bit.
 *
 * @param points - Unix ms, ascending, and finite values, shape (n,): of a counter its rates.
 * @returns The state after the last point.
 */
export function* relearn(
  { timestamps, values }: { readonly timestamps: Float64Array; readonly values: Float64Array },
  scoring: Scoring,
): Generator<undefined, DetectorState> {
  const detector = createDetector(scoring);
  for (let start = 0; start < timestamps.length; start += POINTS_A_PART) {
    if (start > 0) yield;
    const end = start + POINTS_A_PART;
    advance(detector, { timestamps: timestamps.subarray(start, end), values: values.subarray(start, end) }, scoring);
  }
  return detector;
}
