import { periodStart } from "./periods.ts";

/** A series on equally spaced times. */
export interface Grid {
  /** Unix ms, shape (n,), `frequencyMs` apart. */
  readonly timestamps: Float64Array;
  /** Mean of the observations that fall to each time; NaN where none does. The first and the last are never NaN. Shape (n,). */
  readonly values: Float64Array;
  /** 1 where at least one observation falls, else 0. Shape (n,). */
  readonly observed: Uint8Array;
  readonly warnings: readonly string[];
}

export interface GridOptions {
  readonly frequencyMs: number;
  /** The spacing of the observations themselves; a grid of at least twice that aggregates. */
  readonly spacingMs: number;
  /** Most points to return, >= 1; older ones are left out. */
  readonly limit: number;
  /** Unix ms of the grid's last time, where the newest observation is not to give it; it may then be a gap, and what is later is left out. */
  readonly end?: number;
}

/** Observations come a share of their spacing early or late. */
const JITTER = 0.05;
/** Share of missing points from which the answer says so. */
const NOTABLE_GAPS = 0.01;

/**
 * Puts irregular observations on a regular grid.
 *
 * At the observations' own spacing each goes to the nearest time of a grid that ends at the newest one, so that jitter neither doubles nor
 * skips a time and the grid keeps the series' own phase. A coarser grid averages whole UTC periods, stamped with their start (weeks begin
 * on Monday): one at an end that the observations do not fill is left out, because the mean of half a day is no day's.
 * @param timestamps - Unix ms, any order, repeats allowed, shape (n,).
 * @param values - The series' unit, shape (n,). An observation whose time or value is not finite is left out.
 * @returns the newest `limit` points from the first observed to the newest; empty when nothing is observed, or no period whole.
 */
export function regularGrid(
  timestamps: Float64Array,
  values: Float64Array,
  { frequencyMs, spacingMs, limit, end: asked }: GridOptions,
): Grid {
  const aggregates = frequencyMs >= 2 * spacingMs;
  const [from, to] = aggregates ? wholePeriods(timestamps, values, { frequencyMs, spacingMs }) : [-Infinity, Infinity];
  const counted = (i: number): boolean => Number.isFinite(values[i]!) && timestamps[i]! >= from && timestamps[i]! < to;
  let newest = -Infinity;
  for (let i = 0; i < timestamps.length; i++) if (counted(i)) newest = Math.max(newest, timestamps[i]!);
  if (newest === -Infinity) return { timestamps: new Float64Array(), values: new Float64Array(), observed: new Uint8Array(), warnings: [] };

  const end = asked ?? (aggregates ? periodStart(newest, frequencyMs) : newest);
  const stepsBack = (time: number): number => {
    const steps = (end - time) / frequencyMs;
    return aggregates ? Math.ceil(steps) : Math.round(steps);
  };

  const means = new Float64Array(limit);
  const counts = new Uint32Array(limit);
  let n = 0;
  for (let i = 0; i < timestamps.length; i++) {
    const back = stepsBack(timestamps[i]!);
    if (!(back >= 0 && back < limit) || !counted(i)) continue;
    counts[back]! += 1;
    means[back] = includeInMean(means[back]!, values[i]!, counts[back]!);
    n = Math.max(n, back + 1);
  }

  const [times, onGrid, observed] = [new Float64Array(n), new Float64Array(n), new Uint8Array(n)];
  let missing = 0;
  for (let i = 0; i < n; i++) {
    const back = n - 1 - i;
    times[i] = end - back * frequencyMs;
    observed[i] = counts[back]! > 0 ? 1 : 0;
    onGrid[i] = observed[i] === 1 ? means[back]! : NaN;
    missing += 1 - observed[i]!;
  }
  const share = Math.round((100 * missing) / n);
  return {
    timestamps: times,
    values: onGrid,
    observed,
    warnings:
      missing >= NOTABLE_GAPS * n && missing > 0 ? [`${Math.max(1, share)}% of the expected points are missing and were interpolated`] : [],
  };
}

/** Where the observations begin to fill periods, and where they end to: [from, to) in Unix ms. */
function wholePeriods(
  timestamps: Float64Array,
  values: Float64Array,
  { frequencyMs, spacingMs }: Pick<GridOptions, "frequencyMs" | "spacingMs">,
): readonly [number, number] {
  let [oldest, newest] = [Infinity, -Infinity];
  for (let i = 0; i < timestamps.length; i++) {
    if (!Number.isFinite(values[i]!) || !Number.isFinite(timestamps[i]!)) continue;
    oldest = Math.min(oldest, timestamps[i]!);
    newest = Math.max(newest, timestamps[i]!);
  }
  const [first, last] = [periodStart(oldest, frequencyMs), periodStart(newest, frequencyMs)];
  const beginsWhole = oldest < first + (1 - JITTER) * spacingMs;
  const endsWhole = newest + (1 + JITTER) * spacingMs >= last + frequencyMs;
  return [beginsWhole ? first : first + frequencyMs, endsWhole ? last + frequencyMs : last];
}

/** Mean of `count` values given that of all but the newest; exact for equal values, finite for any finite ones. */
function includeInMean(mean: number, value: number, count: number): number {
  const difference = value - mean;
  return Number.isFinite(difference) ? mean + difference / count : mean * (1 - 1 / count) + value / count;
}
