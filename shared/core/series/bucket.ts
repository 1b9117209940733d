import type { Aggregate } from "../../contract/series.ts";

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
    for (const name of aggregates) buckets.aggregates[name]!.push(aggregate(values.subarray(start, end), name));
    start = end;
  }
  return buckets;
}

/**
 * One number for the values of a window.
 * @param values - In time order, n >= 1. Percentiles interpolate linearly between order statistics (Hyndman and Fan's type 7).
 */
export function aggregate(values: Float64Array, name: Aggregate): number {
  switch (name) {
    case "count":
      return values.length;
    case "last":
      return values.at(-1)!;
    case "min":
      return values.reduce((least, value) => Math.min(least, value), Infinity);
    case "max":
      return values.reduce((most, value) => Math.max(most, value), -Infinity);
    case "sum":
      return sum(values);
    case "avg":
      return mean(values);
    default:
      return percentile(values, Number(name.slice(1)));
  }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

function mean(values: Float64Array): number {
  const total = sum(values);
  // Huge values overflow their sum, not their mean.
  return Number.isFinite(total) ? total / values.length : values.reduce((part, value) => part + value / values.length, 0);
}

function percentile(values: Float64Array, p: number): number {
  const sorted = values.toSorted();
  const place = ((sorted.length - 1) * p) / 100;
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low === high ? low : low + (high - low) * (place - below);
}
