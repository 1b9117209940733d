import { runningMean } from "./mean.ts";
import type { Member } from "./members.ts";
import { knownOnce } from "./transforms.ts";
import type { Forecast } from "./transforms.ts";

const WEEK = 7 * 86_400_000;
/** A year later to the week, so that the days of the week stay what they are. */
const YEAR_WEEKS = 52;
/** Weeks that tell a level; with a year, they are the history that it takes. */
const LEVEL_WEEKS = 8;
/** Coarsest week that still has days. */
const LEAST_POINTS_A_WEEK = 7;
/** Of what one year's weeks were above their level, what is noise and what will come again are taken for alike. */
const TRUST = 0.5;

/**
 * The models of a series that has a year of history and not yet two, and each of them once more with half of what the same weeks of last year
 * were above or below the weeks before them: holidays and summers that no model can fit to one of them. The backtest says whether they come again.
 *
 * @param options.n - Points of history.
 * @param options.calendar - Points per cycle of the seasons that the models have; a year among them needs no help.
 * @param options.floor - What counts as zero where no value is negative; null elsewhere, and then nothing is added.
 * @see James & Stein (1961) for why a single observation is trusted by half only; year-over-year rates, as retail and finance use them.
 */
export function withLastYear(
  members: readonly Member[],
  {
    n,
    frequencyMs,
    calendar,
    floor,
  }: { readonly n: number; readonly frequencyMs: number; readonly calendar: readonly number[]; readonly floor: number | null },
): Member[] {
  const week = Math.round(WEEK / frequencyMs);
  const hasYear = calendar.some((m) => m >= (YEAR_WEEKS - 1) * week);
  if (floor === null || week < LEAST_POINTS_A_WEEK || hasYear || n < (YEAR_WEEKS + LEVEL_WEEKS) * week) return [...members];
  const once = members.map(({ name, forecast }) => ({ name, forecast: remembered(forecast) }));
  return [
    ...once,
    ...once.map(({ name, forecast }) => ({ name: `${name} x last year`, forecast: timesLastYear(forecast, { week, floor }) })),
  ];
}

function timesLastYear(forecast: Forecast, { week, floor }: { readonly week: number; readonly floor: number }): Forecast {
  return (y, horizon) => {
    const factors = factorsOfLastYear(y, horizon, { week, floor });
    const ahead = forecast(y, horizon);
    if (ahead === null || factors === null) return ahead;
    return ahead.map((value, step) => floor + (value - floor) * factors[step]!);
  };
}

/**
 * What the weeks around the same days of last year were, by the weeks before them, half way to 1.
 * @returns shape (horizon,); null where the history does not reach back so far, or nothing was above the floor then.
 */
function factorsOfLastYear(
  y: Float64Array,
  horizon: number,
  { week, floor }: { readonly week: number; readonly floor: number },
): Float64Array | null {
  const year = YEAR_WEEKS * week;
  const then = y.length - year;
  if (then < LEVEL_WEEKS * week) return null;
  const level = runningMean(y.subarray(then - LEVEL_WEEKS * week, then)) - floor;
  if (!(level > 0)) return null;
  return Float64Array.from({ length: horizon }, (_, step) => {
    const first = then + (step % year) - (week >> 1);
    const around = runningMean(y.subarray(first, Math.min(first + week, y.length))) - floor;
    return (Math.max(0, around) / level) ** TRUST;
  });
}

/** Works out once what is asked of the same history. */
function remembered(forecast: Forecast): Forecast {
  const byHorizon = knownOnce(() => new Map<number, Float64Array | null>());
  return (y, horizon) => {
    const known = byHorizon(y);
    if (!known.has(horizon)) known.set(horizon, forecast(y, horizon));
    return known.get(horizon)!;
  };
}
