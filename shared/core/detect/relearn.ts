import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { Scoring } from "./effective-settings.ts";
import { inParts } from "./on-demand.ts";

/**
 * Learns a series anew, a part at a time: between two parts whoever asked may leave the process to others. For points that came in time order,
 * all of them and by what holds now, the state is the one that live detection has, bit for bit.
 *
 * @param points - Unix ms, ascending, and finite values, shape (n,): of a counter its rates.
 * @returns The state after the last point.
 */
export function* relearn(
  points: { readonly timestamps: Float64Array; readonly values: Float64Array },
  scoring: Scoring,
): Generator<undefined, DetectorState> {
  const detector = createDetector(scoring);
  for (const part of inParts(points)) {
    advance(detector, part, scoring);
    yield;
  }
  return detector;
}
