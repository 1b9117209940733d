import { fitArima, forecastArima, nameOf } from "./arima.ts";
import { autoArima } from "./auto-arima.ts";
import type { Member } from "./members.ts";
import { mstl } from "./mstl.ts";
import type { MultipleDecomposition } from "./mstl.ts";
import { besideSeasons } from "./transforms.ts";
import type { Forecast } from "./transforms.ts";

/** Longest season that the model has lags of; longer ones are taken off before it. */
const LONGEST_SEASON = 24;
/** Points that it is fitted to, the newest: older ones would not move it. */
const NEWEST_POINTS = 1_000;
/** With a season each point costs more, and says as much. */
const NEWEST_SEASONAL_POINTS = 500;
/** Evaluations of the likelihood when the model is fitted anew from where it was: a few steps. */
const REFIT_EVALUATIONS = 60;

export interface AskedMember {
  readonly member: Member;
  /** Whether the time was up before the search had an end. */
  readonly wasLate: boolean;
}

/**
 * The ARIMA model of a history's choice, as a member that fits its coefficients to whatever history it is given.
 *
 * The orders are chosen by all of the history, so a backtest sees them; the coefficients at each of its cutoffs are of what came before.
 * A single season of up to 24 points is the model's own; longer ones, and several, are taken off by MSTL and added again; a
 * single one robustly, so that an outlier is not repeated as a part of it.
 * @param history - Points, oldest first, of order 1, shape (n,). No NaN.
 * @param options.found - Points per cycle that show in it.
 * @param options.isLate - Ends the search: the best model by then is it.
 * @returns null where no model can be fitted.
 */
export function arimaMember(
  history: Float64Array,
  { found, isLate }: { readonly found: readonly number[]; readonly isLate: () => boolean },
): AskedMember | null {
  const own = found.length === 1 && found[0]! <= LONGEST_SEASON ? found[0]! : 1;
  const taken = own > 1 ? [] : found;
  const newest = (y: Float64Array): Float64Array => y.subarray(-(own > 1 ? NEWEST_SEASONAL_POINTS : NEWEST_POINTS));
  // Of several seasons the first would take for outliers what comes with a longer one.
  const apart = (y: Float64Array, seasons: readonly number[]): MultipleDecomposition => mstl(y, seasons, { robust: taken.length === 1 });
  const rest = taken.length > 0 ? apart(history, taken).adjusted : history;
  let wasLate = false;
  const chosen = autoArima(newest(rest), { seasonLength: own, isLate: () => (wasLate ||= isLate()) });
  if (chosen === null) return null;

  const { order, parameters } = chosen;
  const refitted: Forecast = (y, horizon) => {
    const recent = newest(y);
    if (recent.length <= order.d + order.D * order.m) return null;
    const fit = fitArima(recent, order, { start: parameters, maxEvaluations: REFIT_EVALUATIONS }) ?? chosen;
    return forecastArima(recent, fit, horizon);
  };
  const member: Member = {
    name: nameOf(order) + (taken.length > 0 ? ` beside (${taken.join(",")})` : ""),
    forecast(y, horizon) {
      const fitting = taken.filter((m) => y.length >= 2 * m);
      return besideSeasons(refitted, (own) => apart(own, fitting), fitting)(y, horizon);
    },
  };
  return { member, wasLate };
}
