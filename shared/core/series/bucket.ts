import type { Aggregate } from "../../contract/series.ts";
import { aggregateValues } from "./aggregate.ts";

/** Columns of buckets: the start of each that has points, and one array an aggregate. */
export interface Buckets {
  readonly timestamps: number[];
  readonly aggregates: Record<string, number[]>;
}

/**
 * Aggregates ascending points in buckets that start at multiples of the step since 1970, UTC.
 *
 * @param points - Unix ms and values, shape (n,), ascending.
 * @param step - Milliseconds.
 */
export function bucketPoints(
  { timestamps, values }: { timestamps: Float64Array; values: Float64Array },
  step: number,
  aggregates: readonly Aggregate[],
): Buckets {
  const buckets: Buckets = { timestamps: [], aggregates: Object.fromEntries(aggregates.map((name) => [name, []])) };
  let start = 0;
  while (start < timestamps.length) {
    const bucket = Math.floor(timestamps[start]! / step) * step;
    let end = start + 1;
    while (end < timestamps.length && timestamps[end]! < bucket + step) end += 1;
    buckets.timestamps.push(bucket);
    for (const name of aggregates) buckets.aggregates[name]!.push(aggregateValues(values.subarray(start, end), name));
    start = end;
  }
  return buckets;
}
