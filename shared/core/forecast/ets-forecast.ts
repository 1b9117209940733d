import type { Result } from "../result.ts";
import { seasonalEffects } from "./decomposition.ts";
import { chooseEts, LONGEST_ETS_SEASON } from "./ets.ts";
import type { PointForecast, SeasonalNaiveOptions, TooShort } from "./naive.ts";

/** A point forecast and the model that made it. */
export interface NamedForecast extends PointForecast {
  readonly name: string;
}

/** The fit looks at no more than this many of the newest points; older ones would not move its states. */
const NEWEST_POINTS = 1_000;

/**
 * Exponential smoothing forecast, with the form chosen by AICc.
 *
 * Seasons of up to 24 points are states of the model. Longer ones are taken off by classical decomposition, the rest is smoothed, and the
 * seasonal effects are put back.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 * @param options.seasonLength - Points per cycle, >= 1; with less than two cycles of history the season is left out.
 * @returns mean, shape (horizon,), in y's unit, and a name such as `ets(A,Ad,N)`; or `too-short` when n < 5.
 * @see Hyndman & Athanasopoulos, FPP3, chapter 8 and section 5.7 (forecasting with decomposition).
 */
export function etsForecast(y: Float64Array, { seasonLength, horizon }: SeasonalNaiveOptions): Result<NamedForecast, TooShort> {
  const n = y.length;
  if (seasonLength <= LONGEST_ETS_SEASON || n < 2 * seasonLength) {
    const fit = chooseEts(y.subarray(-NEWEST_POINTS), { seasonLength });
    return fit.ok ? { ok: true, value: { name: fit.value.name, mean: fit.value.mean(horizon) } } : fit;
  }

  const effects = seasonalEffects(y, seasonLength);
  const rest = y.map((value, i) => value - effects[i % seasonLength]!);
  const fit = chooseEts(rest.subarray(-NEWEST_POINTS), { seasonLength: 1 });
  if (!fit.ok) return fit;
  const mean = fit.value.mean(horizon).map((value, step) => value + effects[(n + step) % seasonLength]!);
  return { ok: true, value: { name: `${fit.value.name} deseasonalised`, mean } };
}
