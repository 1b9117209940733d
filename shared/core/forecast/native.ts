import type { Result } from "../result.ts";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import type { Accuracy } from "./accuracy.ts";
import { backtest, planBacktest } from "./backtest.ts";
import type { BacktestRun, Forecaster } from "./backtest.ts";
import { etsForecast } from "./ets-forecast.ts";
import type { NamedForecast } from "./ets-forecast.ts";
import { candidateSeasons, inferFrequency, nextTimestamps } from "./frequency.ts";
import { fillGaps } from "./gaps.ts";
import { regularGrid } from "./grid.ts";
import { intervalsFromResiduals } from "./intervals.ts";
import type { Interval } from "./intervals.ts";
import { meanForecast } from "./mean.ts";
import { seasonalNaive } from "./naive.ts";
import type { PointForecast, TooShort } from "./naive.ts";
import { scaleSeries } from "./scaling.ts";
import { detectSeason } from "./seasonality.ts";

/** Observations in any order; NaN, repeated times and gaps are allowed. */
export interface Observations {
  /** Unix ms, shape (n,). */
  readonly timestamps: Float64Array;
  /** Shape (n,). */
  readonly values: Float64Array;
}

export interface NativeOptions {
  /** Steps ahead, 1..720. */
  readonly horizon: number;
  /** Coverages of the intervals, in percent, each in (0, 100). */
  readonly levels: readonly number[];
  /** Time between steps; inferred when absent. */
  readonly frequencyMs?: number;
  /** Limits that mean, lo and hi never leave. Without a min, 0 is one when no observation is negative. */
  readonly bounds?: { readonly min?: number; readonly max?: number };
}

export interface NativeForecast {
  readonly frequencyMs: number;
  /** Points per cycle that was found, 1 for none. */
  readonly seasonLength: number;
  /** Unix ms, shape (horizon,). */
  readonly timestamps: Float64Array;
  /** Shape (horizon,), in the series' unit. */
  readonly mean: Float64Array;
  /** One a level, in the order asked for. */
  readonly intervals: Interval[];
  /** What made the forecast; weights sum to 1. */
  readonly models: { readonly name: string; readonly weight: number }[];
  /** Of the chosen model over the backtest; skill is against seasonal naive. */
  readonly accuracy: Accuracy & { readonly skill: number | null };
  readonly warnings: string[];
}

/** Most points of history that are looked at, the newest. */
const NEWEST_POINTS = 4_096;
/** Below this many points there is nothing to fit: naive or the mean. */
const FITTABLE = 8;

/**
 * Forecasts a series with the model that would have served it best: seasonal naive or exponential smoothing, chosen by a backtest.
 *
 * @param input - History; it is put on a regular grid, of which the newest 4,096 points count.
 * @param options - See the type.
 * @returns the forecast, finite for any finite input and the same for the same input; or `too-short` when fewer than two grid points are
 * observed. Never throws on data.
 */
export function forecastNative(input: Observations, options: NativeOptions): Result<NativeForecast, TooShort> {
  const { horizon, levels } = options;
  const present = input.timestamps.filter((time, i) => Number.isFinite(time) && Number.isFinite(input.values[i]!));
  const spacingMs = inferFrequency(present);
  if (spacingMs === null) return tooShort(Math.min(1, present.length));
  const frequencyMs = options.frequencyMs ?? spacingMs;
  const grid = regularGrid(input.timestamps, input.values, { frequencyMs, spacingMs, limit: NEWEST_POINTS });
  const y = grid.values;
  const got = grid.observed.reduce((sum, seen) => sum + seen, 0);
  if (got < 2) return tooShort(got);

  const scaled = scaleSeries(y);
  const min = options.bounds?.min ?? inferredMin(y, options.bounds?.max);
  const max = options.bounds?.max ?? Infinity;
  const seasonLength = detectSeason(fillGaps(scaled.z, 1), candidateSeasons(frequencyMs));
  const history = fillGaps(scaled.z, seasonLength);
  const forecasters = forecastersFor(y.length, seasonLength).map((forecaster) => within(forecaster, scaled.to(min), scaled.to(max)));

  const plan = planBacktest(y.length, { horizon, seasonLength });
  const runs = backtest(scaled.z, forecasters, { plan, seasonLength });
  const naiveScale = seasonalNaiveScale(y, seasonLength);
  const actual = concat(plan.cutoffs.map((cutoff) => y.subarray(cutoff, cutoff + plan.horizon)));
  const accuracies = runs.map((run) => run && accuracyOf(actual, concat(run.means).map(scaled.from), { naiveScale }));

  const best = indexOfLeastError(runs);
  const forecast = forecasters[best]!(history, horizon);
  const run = runs[best];
  const accuracy = accuracies[best];
  if (!forecast.ok || !run || !accuracy) return tooShort(got);

  const baseline = accuracies[0]!.mae;
  const skill = skillAgainst(baseline, accuracy.mae);
  const toUnit = (value: number): number => Math.max(min, Math.min(max, scaled.from(value)));
  const intervals = intervalsFromResiduals(forecast.value.mean, run.residuals, levels);
  return {
    ok: true,
    value: {
      frequencyMs,
      seasonLength,
      timestamps: nextTimestamps(grid.timestamps.at(-1)!, frequencyMs, horizon),
      mean: forecast.value.mean.map(toUnit),
      intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: lo.map(toUnit), hi: hi.map(toUnit) })),
      models: [{ name: forecast.value.name, weight: 1 }],
      accuracy: { ...accuracy, skill },
      warnings: [
        ...grid.warnings,
        ...(plan.horizon < horizon
          ? [`The history of ${y.length} points is short: accuracy was tested ${plan.horizon} of ${horizon} steps ahead`]
          : []),
        ...(skill !== null && skill <= 0 ? ["No model did better than seasonal naive in the backtest"] : []),
      ],
    },
  };
}

const mean: Forecaster = (y, horizon) => named("mean", meanForecast(y, { horizon }));

/** Seasonal naive first: it is the baseline, and wins a tie. */
function forecastersFor(n: number, seasonLength: number): Forecaster[] {
  const name = seasonLength > 1 ? "seasonal-naive" : "naive";
  return [
    (y, horizon) => named(name, seasonalNaive(y, { seasonLength: Math.min(seasonLength, y.length), horizon })),
    n < FITTABLE ? mean : (y, horizon) => etsForecast(y, { seasonLength, horizon }),
  ];
}

function named(name: string, forecast: Result<PointForecast, TooShort>): Result<NamedForecast, TooShort> {
  return forecast.ok ? { ok: true, value: { name, ...forecast.value } } : forecast;
}

/** A forecaster whose means never leave [min, max]. */
function within(forecaster: Forecaster, min: number, max: number): Forecaster {
  return (y, horizon) => {
    const forecast = forecaster(y, horizon);
    if (!forecast.ok) return forecast;
    return { ok: true, value: { ...forecast.value, mean: forecast.value.mean.map((value) => Math.max(min, Math.min(max, value))) } };
  };
}

/** The run with the least mean absolute residual; the earlier one on a tie. */
function indexOfLeastError(runs: readonly (BacktestRun | null)[]): number {
  const errors = runs.map((run) => {
    if (run === null) return Infinity;
    return concat(run.residuals).reduce((sum, residual) => (Number.isNaN(residual) ? sum : sum + Math.abs(residual)), 0);
  });
  return errors.indexOf(Math.min(...errors));
}

function inferredMin(y: Float64Array, max = Infinity): number {
  return max >= 0 && !y.some((value) => value < 0) ? 0 : -Infinity;
}

function concat(columns: readonly Float64Array[]): Float64Array {
  return Float64Array.from(columns.flatMap((column) => [...column]));
}

function tooShort(got: number): Result<never, TooShort> {
  return { ok: false, error: { reason: "too-short", needed: 2, got } };
}
