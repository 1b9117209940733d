import type { SeriesKind } from "../../contract/series.ts";

/** Columns of periods, ascending; those without an observation are missing. Shape (n,). */
export interface Periods {
  /** Unix ms of their starts. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Means, and how much each of them stands for: observations, or hours. Shape (n,). */
export interface WeightedMeans {
  /** Unix ms, ascending. */
  readonly timestamps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** Absent where all weigh the same. */
  readonly weights?: ArrayLike<number>;
}

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;
/** 1970-01-05, the first Monday of Unix time, so that weeks begin on Mondays. */
const MONDAY = 96 * HOUR;
/** A period of which a smaller share is missing at its end counts as a whole one. */
const MISSING_AT_AN_END = 0.05;

/** When the UTC period that a time falls into began, Unix ms: multiples of its length since 1970, of weeks since a Monday. */
export function periodStart(time: number, frequencyMs: number): number {
  const origin = frequencyMs % WEEK === 0 ? MONDAY : 0;
  return origin + Math.floor((time - origin) / frequencyMs) * frequencyMs;
}

/**
 * When the newest whole period ended: it was over at the cutoff, and was observed to its end, but for a twentieth of it.
 *
 * A mean of half a day is the day's only by chance: it would bend the level that the next periods are forecast from.
 * @param options.cutoff - Unix ms that the history is known up to.
 * @param options.newest - Unix ms of the newest observation, <= cutoff.
 * @param options.spacingMs - Between observations.
 * @returns Unix ms, <= cutoff.
 */
export function endOfWholePeriods(options: {
  readonly cutoff: number;
  readonly newest: number;
  readonly spacingMs: number;
  readonly frequencyMs: number;
}): number {
  const { cutoff, newest, spacingMs, frequencyMs } = options;
  const over = periodStart(cutoff, frequencyMs);
  if (newest >= over) return over;
  const start = periodStart(newest, frequencyMs);
  return newest + spacingMs >= start + (1 - MISSING_AT_AN_END) * frequencyMs ? start + frequencyMs : start;
}

/**
 * Averages by whole periods; the oldest is left out where it has less than the one after it, because the history begins within it.
 *
 * @param options.end - Unix ms of a period's start: nothing from there on counts.
 */
export function periodMeans(
  { timestamps, values, weights }: WeightedMeans,
  { frequencyMs, end }: { readonly frequencyMs: number; readonly end: number },
): Periods {
  const starts: number[] = [];
  const means: number[] = [];
  const sums: number[] = [];
  for (let row = 0; row < timestamps.length && timestamps[row]! < end; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    const value = values[row]!;
    if (starts.length === 0 || timestamps[row]! >= starts.at(-1)! + frequencyMs) {
      starts.push(periodStart(timestamps[row]!, frequencyMs));
      means.push(value);
      sums.push(weight);
      continue;
    }
    const place = means.length - 1;
    const share = weight / (sums[place]! += weight);
    const difference = value - means[place]!;
    means[place] = Number.isFinite(difference) ? means[place]! + share * difference : (1 - share) * means[place]! + share * value;
  }
  const first = starts.length > 1 && sums[0]! < (1 - MISSING_AT_AN_END) * sums[1]! ? 1 : 0;
  return { timestamps: Float64Array.from(starts.slice(first)), values: Float64Array.from(means.slice(first)) };
}

/**
 * Rates a second by the hour, from what the points of hours come to.
 *
 * What a counter added in an hour is how far its last value is above the last one before; where it fell within the hour it was started
 * anew, from zero, and what it had reached by then is its maximum. Of more than one start in an hour not all is seen. After hours without a
 * point, the next one's rate is over all of them.
 * @param hours - Ascending, shape (n,): `lasts`, `mins` and `maxs` of a counter, `sums` of a delta.
 * @returns a rate an hour and how many hours it is over; shape (n - 1,), because the first has nothing before it.
 * @see asLevels, which does so point by point.
 */
export function hourlyRates(
  kind: Extract<SeriesKind, "counter" | "delta">,
  hours: { readonly timestamps: readonly number[]; readonly aggregates: Readonly<Record<string, readonly number[]>> },
): Required<WeightedMeans> {
  const { timestamps, aggregates } = hours;
  const { last = [], min = [], max = [], sum = [] } = aggregates;
  const n = Math.max(0, timestamps.length - 1);
  const addedIn = (row: number): number => {
    if (kind === "delta") return sum[row]!;
    const [before, reached] = [last[row - 1]!, last[row]!];
    if (reached < max[row]!) return reached + (max[row]! >= before ? max[row]! - before : max[row]!);
    return min[row]! < before ? reached : reached - before;
  };
  const weights = Float64Array.from({ length: n }, (_, row) => (timestamps[row + 1]! - timestamps[row]!) / HOUR);
  return {
    timestamps: timestamps.slice(1),
    values: weights.map((count, row) => addedIn(row + 1) / (count * (HOUR / 1_000))),
    weights,
  };
}
