import { fillGaps } from "./gaps.ts";
import type { Forecast } from "./transforms.ts";

export interface BacktestPlan {
  /** Steps ahead that are tested, >= 1; no more than were asked for. */
  readonly horizon: number;
  /** Number of points known at each origin, ascending. */
  readonly cutoffs: readonly number[];
}

const ORIGINS = 4;
/** Short horizons test few points an origin, so they get more origins. */
const SHORT_HORIZON = 20;
const ORIGINS_WHEN_SHORT = 8;
/** Points that an origin knows at the least, where there are enough; and where many origins are wanted. */
const KNOWN = 20;
const KNOWN_WHEN_SHORT = 40;

/**
 * Lays out a rolling-origin backtest: as many of four origins (eight below 20 steps) as fit, a horizon apart, ending at the newest point.
 *
 * @param n - Points of history, >= 2.
 * @param options.horizon - Steps ahead that will be asked for, >= 1. The test's is at most a fifth of the history.
 * @param options.seasonLengths - Each origin knows three cycles of the longest if one such fits, else two of the shortest, else one.
 * @returns at least one cutoff, each with at least one point before it and horizon points after.
 * @see Tashman (2000), Out-of-sample tests of forecasting accuracy; FPP3, section 5.10.
 */
export function planBacktest(n: number, options: { readonly horizon: number; readonly seasonLengths: readonly number[] }): BacktestPlan {
  const horizon = Math.min(options.horizon, Math.max(1, Math.floor(n / 5)));
  const [first, last] = [options.seasonLengths[0] ?? 1, options.seasonLengths.at(-1) ?? 1];
  const fitting = (known: number, most: number): number => Math.min(most, Math.floor((n - known) / horizon));
  let origins = fitting(Math.max(3 * last, KNOWN), ORIGINS);
  if (origins < 1 && first > 1) origins = Math.max(fitting(2 * first + KNOWN / 2, ORIGINS), fitting(first, 2));
  if (horizon < SHORT_HORIZON) origins = Math.max(origins, fitting(KNOWN_WHEN_SHORT, ORIGINS_WHEN_SHORT));
  if (origins < 1) origins = Math.max(1, fitting(Math.ceil(n / 2), ORIGINS));
  return { horizon, cutoffs: Array.from({ length: origins }, (_, i) => n - (origins - i) * horizon) };
}

/** What a forecast would have said at each cutoff, shape (plan.horizon,) each; null where it refuses at some, or says what is no number. */
export type WouldSay = (forecast: Forecast) => Float64Array[] | null;

/**
 * Prepares what was known at every cutoff of a plan.
 *
 * @param y - Points, oldest first, NaN for gaps, shape (n,). Gaps are filled anew at each cutoff from the points before it, so nothing leaks
 * back.
 * @returns what says of a forecast what it would have said, one array of shape (plan.horizon,) a cutoff; null where it refuses at some
 * cutoff, or says what is no number.
 */
export function openBacktest(
  y: Float64Array,
  { plan, seasonLength }: { readonly plan: BacktestPlan; readonly seasonLength: number },
): WouldSay {
  const histories = plan.cutoffs.map((cutoff) => fillGaps(y.subarray(0, cutoff), seasonLength));
  return (forecast) => {
    const said: Float64Array[] = [];
    for (const history of histories) {
      const ahead = forecast(history, plan.horizon);
      if (ahead === null || !ahead.every(Number.isFinite)) return null;
      said.push(ahead);
    }
    return said;
  };
}

/** Actual less forecast by lead, one row a cutoff; NaN where the actual is a gap. */
export const residualsOf = (y: Float64Array, { cutoffs }: BacktestPlan, said: readonly Float64Array[]): Float64Array[] =>
  said.map((ahead, origin) => ahead.map((value, lead) => y[cutoffs[origin]! + lead]! - value));
