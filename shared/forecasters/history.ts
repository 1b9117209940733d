import { fillGaps } from "../core/forecast/gaps.ts";
import { newestGrid } from "../core/forecast/newest-grid.ts";
import { finite, powerOfTwoBelow } from "../core/forecast/scaling.ts";
import { mainSeason, seasonsOf } from "../core/forecast/seasonality.ts";
import type { Result } from "../core/result.ts";
import type { ForecastOptions, Observations, TooShort } from "../ports/forecasters.ts";

/** A history as remote backends take it: equally spaced, without gaps, of a size that a float of 32 bits holds. */
export interface History {
  /** Shape (n,), oldest first, in `unit`s of the series' unit. */
  readonly y: Float64Array;
  /** A power of two; 1 but for values that are huge or tiny. */
  readonly unit: number;
  readonly frequencyMs: number;
  /** Points per cycle of the season that counts most, 1 for none. */
  readonly seasonLength: number;
  /** Points per cycle of every season that was found, ascending. */
  readonly seasons: readonly number[];
  /** Unix ms of the newest point. */
  readonly newest: number;
  /** Limits of the forecast, in the series' unit: those declared; without a min, 0 when no observation is negative. */
  readonly min: number;
  readonly max: number;
  readonly warnings: readonly string[];
}

/** Values are sent as they are while the largest lies within these, far inside the range of a float of 32 bits. */
const LARGEST = 2 ** 64;
const SMALLEST = 2 ** -64;

/**
 * Makes of observations what a remote backend takes: a regular grid of the newest points, gaps filled.
 *
 * @param observations - Any order; repeats, gaps and values that are not finite are allowed.
 * @returns the history; or `too-short` when fewer than two grid points are observed.
 */
export function prepareHistory(
  observations: Observations,
  { frequencyMs: asked, bounds }: Pick<ForecastOptions, "frequencyMs" | "bounds">,
): Result<History, TooShort> {
  const newest = newestGrid(observations, asked);
  if (!newest.ok) return newest;
  const { grid, frequencyMs } = newest.value;
  const unit = powerOfTwoUnit(grid.values);
  const scaled = grid.values.map((value) => value / unit);
  const seasons = seasonsOf(fillGaps(scaled, 1), frequencyMs);
  const seasonLength = mainSeason(seasons);
  const max = bounds?.max ?? Infinity;
  const isNegative = grid.values.some((value) => value < 0);
  return {
    ok: true,
    value: {
      y: fillGaps(scaled, seasonLength),
      unit,
      frequencyMs,
      seasonLength,
      seasons: seasons.distinct,
      newest: grid.timestamps.at(-1)!,
      min: bounds?.min ?? (max >= 0 && !isNegative ? 0 : -Infinity),
      max,
      warnings: grid.warnings,
    },
  };
}

/** The unit in which values are of a size that a float of 32 bits holds: a power of two; 1 but for values that are huge or tiny. NaN does not count. */
export function powerOfTwoUnit(values: Float64Array): number {
  const largest = values.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 0);
  return largest > LARGEST || largest < SMALLEST ? powerOfTwoBelow(largest) : 1;
}

interface Fan {
  readonly mean: Float64Array;
  readonly intervals: readonly { readonly level: number; readonly lo: Float64Array; readonly hi: Float64Array }[];
}

/**
 * A remote backend's columns in the series' unit: within the bounds, the mean in every interval, the narrower interval in the wider one.
 *
 * @param fan - In the history's unit, finite; the levels in any order, which is kept.
 */
export function ownUnitFan({ mean, intervals }: Fan, { unit, min, max }: Pick<History, "unit" | "min" | "max">): Fan {
  const own = (value: number): number => Math.max(min, Math.min(max, finite(value * unit)));
  const ownMean = mean.map(own);
  let [within, above] = [ownMean, ownMean];
  const byLevel = new Map<number, Fan["intervals"][number]>();
  for (const { level, lo, hi } of intervals.toSorted((a, b) => a.level - b.level)) {
    within = within.map((inner, step) => Math.min(inner, own(lo[step]!)));
    above = above.map((inner, step) => Math.max(inner, own(hi[step]!)));
    byLevel.set(level, { level, lo: within, hi: above });
  }
  return { mean: ownMean, intervals: intervals.map(({ level }) => byLevel.get(level)!) };
}
