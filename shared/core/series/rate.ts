import type { SeriesKind } from "../../contract/series.ts";

/**
 * Points as levels: a counter, or what was added since the point before, as its rate a second; a gauge as it is.
 *
 * A counter that is lower than before was started anew: it has counted up from zero since then. The first point has nothing before it,
 * and no rate.
 *
 * @param kind - null counts as a gauge.
 * @param points - Ascending, without a timestamp twice, shape (n,).
 * @returns Shape (n,) of a gauge, else (n - 1,), at the later time of each pair; empty where n is 0.
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#rate, which handles resets alike.
 */
export function asLevels(
  kind: SeriesKind | null,
  points: { readonly timestamps: Float64Array; readonly values: Float64Array },
): { readonly timestamps: Float64Array; readonly values: Float64Array } {
  if (!hasRate(kind)) return points;
  const timestamps = points.timestamps.slice(1);
  const values = new Float64Array(timestamps.length);
  for (let row = 0; row < values.length; row++) {
    const before = { timestamp: points.timestamps[row]!, value: points.values[row]! };
    values[row] = rateSince(before, { timestamp: timestamps[row]!, value: points.values[row + 1]! }, kind);
  }
  return { timestamps, values };
}

export interface CountedPoint {
  /** Unix ms. */
  readonly timestamp: number;
  readonly value: number;
}

/** What was added a second from one point of a counter, or of a delta, to a later one; the largest number there is where it would be more. */
export function rateSince(before: CountedPoint, point: CountedPoint, kind: SeriesKind | null): number {
  const added = kind === "delta" || point.value < before.value ? point.value : point.value - before.value;
  const rate = (1_000 * added) / (point.timestamp - before.timestamp);
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, rate));
}

/** Whether values of a kind are read as rates. */
export const hasRate = (kind: SeriesKind | null): boolean => kind === "counter" || kind === "delta";
