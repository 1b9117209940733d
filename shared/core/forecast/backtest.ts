import type { Result } from "../result.ts";
import type { NamedForecast } from "./ets-forecast.ts";
import { fillGaps } from "./gaps.ts";

/** A way to forecast, as the backtest and the final forecast call it. */
export type Forecaster = (y: Float64Array, horizon: number) => Result<NamedForecast, unknown>;

export interface BacktestPlan {
  /** Steps ahead that are tested, >= 1; no more than were asked for. */
  readonly horizon: number;
  /** Number of points known at each origin, ascending. */
  readonly cutoffs: readonly number[];
}

/** What one forecaster would have said at every cutoff. */
export interface BacktestRun {
  /** One a cutoff, each of shape (plan.horizon,). */
  readonly means: readonly Float64Array[];
  /** Actual less forecast by lead, one row a cutoff; NaN where the actual is a gap. */
  readonly residuals: readonly Float64Array[];
}

const ORIGINS = 4;
/** Short horizons test few points an origin, so they get more origins. */
const SHORT_HORIZON = 12;
const ORIGINS_WHEN_SHORT = 8;

/**
 * Lays out a rolling-origin backtest: as many of four origins (eight below 12 steps) as fit, a horizon apart, ending at the newest point.
 *
 * @param n - Points of history, >= 2.
 * @param options.horizon - Steps ahead that will be asked for, >= 1. The test's is at most a fifth of the history.
 * @param options.seasonLength - Each origin knows two cycles if that leaves two origins, else one.
 * @returns at least one cutoff, each with at least one point before it and horizon points after.
 * @see Tashman (2000), Out-of-sample tests of forecasting accuracy; FPP3, section 5.10.
 */
export function planBacktest(n: number, options: { readonly horizon: number; readonly seasonLength: number }): BacktestPlan {
  const horizon = Math.min(options.horizon, Math.max(1, Math.floor(n / 5)));
  const wanted = horizon < SHORT_HORIZON ? ORIGINS_WHEN_SHORT : ORIGINS;
  const m = options.seasonLength;
  const enough = m > 1 ? 2 * m : Math.min(20, Math.ceil(n / 2));
  const fitting = (known: number): number => Math.floor((n - known) / horizon);
  const origins = Math.max(1, Math.min(wanted, fitting(enough) >= 2 ? fitting(enough) : fitting(Math.min(m, enough))));
  return { horizon, cutoffs: Array.from({ length: origins }, (_, i) => n - (origins - i) * horizon) };
}

/**
 * Forecasts from every cutoff of a plan with what was known there, and compares with what came.
 *
 * @param y - Points, oldest first, NaN for gaps, shape (n,). Gaps are filled anew at each cutoff from the points before it, so nothing leaks
 * back, and a gap is never an actual.
 * @param forecasters - Tried at every cutoff.
 * @returns one run a forecaster, in their order; null for one that refused at some cutoff.
 */
export function backtest(
  y: Float64Array,
  forecasters: readonly Forecaster[],
  { plan, seasonLength }: { readonly plan: BacktestPlan; readonly seasonLength: number },
): (BacktestRun | null)[] {
  const histories = plan.cutoffs.map((cutoff) => fillGaps(y.subarray(0, cutoff), seasonLength));
  return forecasters.map((forecaster) => {
    const means: Float64Array[] = [];
    for (const history of histories) {
      const forecast = forecaster(history, plan.horizon);
      if (!forecast.ok) return null;
      means.push(forecast.value.mean);
    }
    const residuals = means.map((mean, i) => mean.map((value, lead) => y[plan.cutoffs[i]! + lead]! - value));
    return { means, residuals };
  });
}
