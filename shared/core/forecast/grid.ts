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

const DAY = 86_400_000;
/** 1970-01-05, the first Monday of Unix time, so that weeks begin on Mondays. */
const MONDAY = 4 * DAY;
/** Share of missing points from which the answer says so. */
const NOTABLE_GAPS = 0.01;

/**
 * Puts irregular observations on a regular grid.
 *
 * At the observations' own spacing each goes to the nearest time of a grid that ends at the newest one, so that jitter neither doubles nor
 * skips a time and the grid keeps the series' own phase. A coarser grid averages whole UTC periods, stamped with their start (weeks begin
 * on Monday).
 * @param timestamps - Unix ms, any order, repeats allowed, shape (n,).
 * @param values - The series' unit, shape (n,). An observation whose time or value is not finite is left out.
 * @returns the newest `limit` points from the first observed to the newest; empty when nothing is observed.
 */
export function regularGrid(
  timestamps: Float64Array,
  values: Float64Array,
  { frequencyMs, spacingMs, limit, end: asked }: GridOptions,
): Grid {
  let newest = -Infinity;
  for (let i = 0; i < timestamps.length; i++) {
    if (Number.isFinite(values[i]!) && Number.isFinite(timestamps[i]!)) newest = Math.max(newest, timestamps[i]!);
  }
  if (newest === -Infinity) return { timestamps: new Float64Array(), values: new Float64Array(), observed: new Uint8Array(), warnings: [] };

  const aggregates = frequencyMs >= 2 * spacingMs;
  const origin = frequencyMs % (7 * DAY) === 0 ? MONDAY : 0;
  const end = asked ?? (aggregates ? origin + Math.floor((newest - origin) / frequencyMs) * frequencyMs : newest);
  const stepsBack = (time: number): number => {
    const steps = (end - time) / frequencyMs;
    return aggregates ? Math.ceil(steps) : Math.round(steps);
  };

  const means = new Float64Array(limit);
  const counts = new Uint32Array(limit);
  let n = 0;
  for (let i = 0; i < timestamps.length; i++) {
    const value = values[i]!;
    const back = stepsBack(timestamps[i]!);
    if (!Number.isFinite(value) || !(back >= 0 && back < limit)) continue;
    counts[back]! += 1;
    means[back] = includeInMean(means[back]!, value, counts[back]!);
    n = Math.max(n, back + 1);
  }

  const observed = Uint8Array.from({ length: n }, (_, i) => (counts[n - 1 - i]! > 0 ? 1 : 0));
  const missing = observed.reduce((sum, seen) => sum + 1 - seen, 0);
  const share = Math.round((100 * missing) / n);
  return {
    timestamps: Float64Array.from({ length: n }, (_, i) => end - (n - 1 - i) * frequencyMs),
    values: Float64Array.from(observed, (seen, i) => (seen === 1 ? means[n - 1 - i]! : NaN)),
    observed,
    warnings:
      missing >= NOTABLE_GAPS * n && missing > 0 ? [`${Math.max(1, share)}% of the expected points are missing and were interpolated`] : [],
  };
}

/** Mean of `count` values given that of all but the newest; exact for equal values, finite for any finite ones. */
function includeInMean(mean: number, value: number, count: number): number {
  const difference = value - mean;
  return Number.isFinite(difference) ? mean + difference / count : mean * (1 - 1 / count) + value / count;
}
