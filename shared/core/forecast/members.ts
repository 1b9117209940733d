import { adidaForecast } from "./adida.ts";
import { crostonForecast } from "./croston.ts";
import { dynamicThetaForecast } from "./dynamic-theta.ts";
import { etsForecast } from "./ets-forecast.ts";
import { lagRegression, lagsFor } from "./lag-regression.ts";
import { meanForecast } from "./mean.ts";
import { mstl } from "./mstl.ts";
import { seasonalNaive } from "./naive.ts";
import { levelByShape, medianProfile, windowMedian } from "./profiles.ts";
import { mainSeason } from "./seasonality.ts";
import { thetaForecast } from "./theta.ts";
import { above, besideSeasons, knownOnce, sharedOver, throughDifferences, throughLogs } from "./transforms.ts";
import type { Forecast } from "./transforms.ts";

/** One of the models that a forecast is made of. */
export interface Member {
  /** With the seasons that it knows, such as `theta(24,168)`; `log` before it where it forecasts logarithms. */
  readonly name: string;
  readonly forecast: Forecast;
}

export interface Circumstances {
  /** Points of history, or those that are observed where they are few. */
  readonly n: number;
  /** Steps ahead. */
  readonly horizon: number;
  /** Points per cycle that the series has by the calendar, whether they show or not; ascending, two cycles of each. */
  readonly calendar: readonly number[];
  /** Points per cycle that show in the series, ascending, two cycles of each. */
  readonly found: readonly number[];
  /** What counts as zero where no value is negative and logarithms make sense; else null. */
  readonly floor: number | null;
  /** Share of the observed points that are exactly zero. */
  readonly zeros: number;
  /** Most of it comes when there is mostly none: its mean is asked for, and its medians are zero. */
  readonly intermittent: boolean;
}

/** With more zeros than these, models of a demand that comes now and then join in. */
const MANY_ZEROS = 0.3;
/** Below this many points there is nothing to fit: naive or the mean. */
export const FITTABLE = 8;
/** Up to so many points exponential smoothing and dynamic theta are fast, and a regression has too few equations to be better. */
const SHORT = 200;
/** Cycles that the shape of a long look back is taken from, and so many of them tell the level. */
const LONG_LOOK = { cycles: 12, levels: [4, 8] };
const SHORT_LOOK = 5;

/**
 * The models that suit a series; first the baseline that all of them are measured against.
 *
 * What shows a season in the history may lose it, and the calendar's seasons are there in most of what people measure: so both have their
 * members, and the backtest weighs them.
 */
export function membersFor(circumstances: Circumstances): Member[] {
  const { n, calendar, found, floor, zeros, intermittent } = circumstances;
  const season = mainSeason(circumstances);
  const baseline = naive(season);
  if (n < FITTABLE) return [baseline, { name: "mean", forecast: orNull((y, horizon) => meanForecast(y, { horizon })) }];

  // Logarithms and the models that repeat forecast medians.
  const ofMeans = intermittent ? { ...circumstances, floor: null } : circumstances;
  const same = found.join() === calendar.join();
  const members = [
    baseline,
    ...(n <= SHORT ? [exponentialSmoothing(season)] : []),
    ...(floor !== null && zeros > MANY_ZEROS ? demandRates(floor, season) : []),
    ...fitted(found, ofMeans),
    ...(same ? [] : fitted(calendar, ofMeans)),
    ...(intermittent ? [] : repeating(calendar.length > 0 ? calendar : found, circumstances)),
  ];
  return members.filter(({ name }, place) => members.findIndex((other) => other.name === name) === place);
}

const naive = (seasonLength: number): Member => ({
  name: seasonLength > 1 ? `seasonal-naive(${seasonLength})` : "naive",
  forecast: orNull((y, horizon) => seasonalNaive(y, { seasonLength: Math.min(seasonLength, y.length), horizon })),
});

const exponentialSmoothing = (seasonLength: number): Member => ({
  name: seasonLength > 1 ? `ets(${seasonLength})` : "ets",
  forecast: orNull((y, horizon) => etsForecast(y, { seasonLength, horizon })),
});

/** Models of a demand that comes now and then. */
function demandRates(floor: number, seasonLength: number): Member[] {
  const variants = (["croston", "sba", "tsb"] as const).map((variant) => ({
    name: variant,
    rate: (y: Float64Array, horizon: number) => crostonForecast(y, { horizon, variant }),
  }));
  return [...variants, { name: "adida", rate: adidaForecast }].map(({ name, rate }) => ({
    name: seasonLength > 1 ? `${name}(${seasonLength})` : name,
    forecast: above(sharedOver(rate, seasonLength), floor),
  }));
}

/** Models with parameters that are fitted to the whole history. */
function fitted(seasons: readonly number[], { n, found, floor }: Circumstances): Member[] {
  const [first, second] = seasons;
  const last = seasons.at(-1);
  const regression: Forecast = (y, horizon) => lagRegression(y, horizon, lagsFor(y.length, seasons));
  // Once is enough here: what a second time moves between two seasons, or a season and the trend, comes back with the other one.
  const apart = knownOnce((y) => mstl(y, seasons, { iterations: 1, passes: 1 }));
  const plain: Member[] = [
    member("theta", besideSeasons(thetaForecast, apart, seasons)),
    // Where it was made for: longer series, and those whose seasons show, it makes worse as often as better.
    ...(n <= SHORT && found.length === 0 ? [member("dynamic-theta", besideSeasons(dynamicThetaForecast, apart, seasons))] : []),
    member("lag-regression", regression),
    // What rises goes on rising: the lags alone would hold it near its range.
    member("difference-regression", throughDifferences(regression, 1)),
  ];
  const ofLogs: Member[] = [...plain];
  if (first !== undefined && last !== undefined) {
    const recent = [1, 2, 3, first - 1, first, first + 1].filter((lag, place, all) => lag > 0 && all.indexOf(lag) === place);
    const lags = recent.toSorted((a, b) => a - b);
    const ofCycle: Forecast = (y, horizon) =>
      throughDifferences((own, ahead) => lagRegression(own, ahead, lags), y.length >= 3 * last ? last : first)(y, horizon);
    ofLogs.push(member("cycle-difference-regression", ofCycle));
    if (second !== undefined) {
      const ofFirst = member("season-difference-regression", throughDifferences(regression, first));
      plain.push(ofFirst);
      ofLogs.push(ofFirst);
    }
  }
  if (floor === null) return plain;
  const throughLog = throughLogs(floor);
  return [...plain, ...ofLogs.map(({ name, forecast }) => ({ name: `log ${name}`, forecast: throughLog(forecast) }))];

  function member(name: string, forecast: Forecast): Member {
    return { name: seasons.length > 0 ? `${name}(${seasons.join(",")})` : name, forecast };
  }
}

/** Models that say what the last cycles said. */
function repeating(seasons: readonly number[], { n, horizon, floor }: Circumstances): Member[] {
  const [first, second] = seasons;
  if (first === undefined) return [];
  const last = seasons.at(-1)!;
  const cycle = n >= 3 * last ? last : first;
  const members: Member[] = [
    naive(first),
    { name: `window-median(${first})`, forecast: (y, ahead) => windowMedian(y, ahead, first) },
    ...[cycle, first].map((m) => ({
      name: `median-profile(${m})`,
      forecast: (y: Float64Array, ahead: number) => medianProfile(y, ahead, { seasonLength: m, cycles: SHORT_LOOK, level: null }),
    })),
  ];
  // Nearer than a cycle ahead, the present level says more than the shape of many cycles.
  if (n >= LONG_LOOK.cycles * first && horizon >= first) {
    for (const level of [null, ...LONG_LOOK.levels]) {
      const options = { seasonLength: first, cycles: LONG_LOOK.cycles, level };
      const name = level === null ? `long-profile(${first})` : `shape-on-level-${level}(${first})`;
      members.push({ name, forecast: (y, ahead) => medianProfile(y, ahead, options) });
    }
  }
  if (floor !== null) {
    const outer = second !== undefined && second % first === 0 ? second / first : null;
    for (const cycles of [2, 6]) {
      const share: Forecast = (y, ahead) => levelByShape(y, ahead, { seasonLength: first, cycles, outer });
      members.push({ name: `level-by-shape-${cycles}(${first})`, forecast: above(share, floor) });
    }
  }
  return members;
}

type Refusable = (y: Float64Array, horizon: number) => { ok: true; value: { mean: Float64Array } } | { ok: false };

const orNull =
  (forecast: Refusable): Forecast =>
  (y, horizon) => {
    const made = forecast(y, horizon);
    return made.ok ? made.value.mean : null;
  };
