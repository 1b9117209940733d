import { fillGaps } from "./gaps.ts";
import { medianOf } from "./median.ts";

/**
 * What the season adds at each place: the medians, by phase, of how far points lie from the level, which runs straight from the median of
 * one cycle to that of the next.
 *
 * @param y - Points, oldest first, NaN for gaps, shape (n,).
 * @param seasons - Points per cycle, ascending: the longest of which there are so many cycles counts.
 */
export function seasonByMedians(y: Float64Array, seasons: readonly number[], cycles: number): (place: number) => number {
  const m = seasons.findLast((length) => y.length >= cycles * length);
  if (m === undefined) return () => 0;
  // Cycles are counted from the newest point, so that the part of one lies at the beginning.
  const first = y.length % m;
  const level = levelBetween(fullCycles(y, m));
  const effects = Float64Array.from({ length: m }, (_, phase) => {
    const own: number[] = [];
    for (let i = first + phase; i < y.length; i += m) own.push(y[i]! - level((i - first + 0.5) / m - 0.5));
    const median = presentMedian(Float64Array.from(own));
    return Number.isNaN(median) ? 0 : median;
  });
  return (place) => effects[(place + m - first) % m]!;
}

/** The medians of the cycles that end at the newest point; those of which nothing is observed have that of the one before. */
function fullCycles(y: Float64Array, m: number): Float64Array {
  const first = y.length % m;
  const medians = Float64Array.from({ length: Math.floor(y.length / m) }, (_, cycle) =>
    presentMedian(y.subarray(first + cycle * m, first + (cycle + 1) * m)),
  );
  return fillGaps(medians, 1);
}

/** The level at a time, in cycles: a cycle's median stands at its middle. At the ends it goes on as it did last. */
function levelBetween(medians: Float64Array): (cycle: number) => number {
  return (cycle) => {
    const before = Math.max(0, Math.min(medians.length - 2, Math.floor(cycle)));
    return medians[before]! + (cycle - before) * (medians[before + 1]! - medians[before]!);
  };
}

/** NaN of nothing. */
function presentMedian(values: Float64Array): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length === 0 ? NaN : medianOf(present);
}

/**
 * The median of the window around each point; at the ends, of the first or the last window.
 * @param y - No NaN, shape (n,).
 */
export function runningMedians(y: Float64Array, window: number): Float64Array {
  const n = y.length;
  const length = Math.min(window, n);
  const sorted = y.subarray(0, length).toSorted();
  const medians = new Float64Array(n);
  const half = length >> 1;
  const medianNow = (): number => (length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2);
  medians.fill(medianNow(), 0, half + 1);
  for (let end = length; end < n; end++) {
    // The oldest leaves, and those between move up or down for the newest.
    let place = sorted.indexOf(y[end - length]!);
    const value = y[end]!;
    for (; place > 0 && sorted[place - 1]! > value; place--) sorted[place] = sorted[place - 1]!;
    for (; place < length - 1 && sorted[place + 1]! < value; place++) sorted[place] = sorted[place + 1]!;
    sorted[place] = value;
    medians[end - length + 1 + half] = medianNow();
  }
  return medians.fill(medianNow(), n - length + half);
}
