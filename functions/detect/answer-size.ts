import { invalid } from "../../shared/contract/problem.ts";
import type { PointColumns } from "../../shared/ports/points.ts";

/** An answer has so many anomalies at most, and all of them together so many points of context: about 10 MB each. */
const MOST_ANOMALIES = 10_000;
const MOST_CONTEXT_POINTS = 500_000;

/**
 * Refuses an answer that would be too large.
 * @param k - Points of context on either side of an anomaly.
 * @throws Problem validation-failed.
 */
export function refuseTooMany(anomalies: number, k: number, { timestamps }: PointColumns): void {
  if (anomalies > MOST_ANOMALIES) {
    const message = `Expected at most ${MOST_ANOMALIES} anomalies: ask for fewer points, or a lower sensitivity`;
    throw invalid([{ path: "sensitivity", message }]);
  }
  const around = k === 0 ? 0 : Math.min(timestamps.length, 2 * k + 1);
  if (anomalies * around > MOST_CONTEXT_POINTS) {
    const message = `Expected at most ${MOST_CONTEXT_POINTS} points of context in an answer, and each of the anomalies has ${around}: ask for less context, or fewer points`;
    throw invalid([{ path: "context", message }]);
  }
}
