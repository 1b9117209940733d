import type { Aggregate } from "../../contract/series.ts";
import { aggregateValues } from "./aggregate.ts";

/** The aggregate of the rows [start, end) of a column. Neither end ever moves back. n >= 1. */
export type SlidingAggregate = (start: number, end: number) => number;

/**
 * Aggregates a window that moves over a column, to the last bit what aggregateValues() gives of each window: percentiles, least and
 * greatest values are kept as the window moves, so that one step costs a few rows however long the window is. Sums are added anew from
 * the window's start, because another order of adding is another sum.
 *
 * @param values - Shape (n,). Where one of them is not finite, each window is aggregated by itself.
 */
export function slidingAggregate(values: Float64Array, name: Aggregate): SlidingAggregate {
  const plain: SlidingAggregate = (start, end) => aggregateValues(values.subarray(start, end), name);
  if (!values.every(Number.isFinite)) return plain;
  switch (name) {
    case "count":
      return (start, end) => end - start;
    case "last":
      return (_start, end) => values[end - 1]!;
    case "min":
      return slidingExtreme(values, (value, other) => value <= other);
    case "max":
      return slidingExtreme(values, (value, other) => value >= other);
    case "sum":
      return (start, end) => sumOf(values, start, end);
    case "avg":
      return (start, end) => {
        const total = sumOf(values, start, end);
        return Number.isFinite(total) ? total / (end - start) : plain(start, end);
      };
    default:
      return slidingPercentile(values, Number(name.slice(1)));
  }
}

function sumOf(values: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let row = start; row < end; row += 1) total += values[row]!;
  return total;
}

/** Keeps the rows that may still be the extreme one of some window: each beats all that come after it. */
function slidingExtreme(values: Float64Array, beats: (value: number, other: number) => boolean): SlidingAggregate {
  const rows = new Uint32Array(values.length);
  let [head, tail, seen] = [0, 0, 0];
  return (start, end) => {
    for (; seen < end; seen += 1) {
      while (tail > head && beats(values[seen]!, values[rows[tail - 1]!]!)) tail -= 1;
      rows[tail] = seen;
      tail += 1;
    }
    while (rows[head]! < start) head += 1;
    return values[rows[head]!]!;
  };
}

/** Keeps the values of the window sorted. */
function slidingPercentile(values: Float64Array, p: number): SlidingAggregate {
  let sorted = new Float64Array(64);
  let [count, from, seen] = [0, 0, 0];
  const placeOf = (value: number): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const insert = (value: number): void => {
    if (count === sorted.length) {
      const grown = new Float64Array(2 * count);
      grown.set(sorted);
      sorted = grown;
    }
    const place = placeOf(value);
    sorted.copyWithin(place + 1, place, count);
    sorted[place] = value;
    count += 1;
  };
  const remove = (value: number): void => {
    const place = placeOf(value);
    sorted.copyWithin(place, place + 1, count);
    count -= 1;
  };
  return (start, end) => {
    for (; from < Math.min(start, seen); from += 1) remove(values[from]!);
    [from, seen] = [start, Math.max(start, seen)];
    for (; seen < end; seen += 1) insert(values[seen]!);
    const place = ((count - 1) * p) / 100;
    const below = Math.floor(place);
    const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, count - 1)]!];
    return low === high ? low : low + (high - low) * (place - below);
  };
}
