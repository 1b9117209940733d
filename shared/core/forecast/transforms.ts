import { differenced } from "./differences.ts";
import type { MultipleDecomposition } from "./mstl.ts";
import { medianOf } from "./median.ts";

/** Forecasts shape (horizon,) from points, oldest first, or null where they are too few for it. */
export type Forecast = (y: Float64Array, horizon: number) => Float64Array | null;

/** Where values reach zero, this share of their median is added to them before logarithms are taken. */
const OFFSET = 0.1;

/**
 * Has models forecast the logarithms of a series, so that its swings grow with its level. The logarithms of a history are taken once for all.
 * @param floor - What counts as zero: no value lies below it.
 */
export function throughLogs(floor: number): (forecast: Forecast) => Forecast {
  const logsOf = knownOnce((y) => logsAbove(y, floor));
  return (forecast) => (y, horizon) => {
    const logs = logsOf(y);
    if (logs === null) return null;
    const ahead = forecast(logs.values, horizon);
    return ahead && ahead.map((value) => floor + Math.max(0, Math.exp(value) - logs.offset));
  };
}

/** Works something out of a history once, for all models that ask for it: histories are told apart as objects, and must not change. */
export function knownOnce<T>(of: (y: Float64Array) => T): (y: Float64Array) => T {
  const known = new WeakMap<Float64Array, { readonly result: T }>();
  return (y) => {
    const before = known.get(y);
    if (before !== undefined) return before.result;
    const result = of(y);
    known.set(y, { result });
    return result;
  };
}

interface Logs {
  readonly values: Float64Array;
  /** What was added before they were taken. */
  readonly offset: number;
}

/** Null where nothing lies above the floor. */
function logsAbove(y: Float64Array, floor: number): Logs | null {
  const values = new Float64Array(y.length);
  let positive = 0;
  for (let i = 0; i < y.length; i++) {
    values[i] = Math.max(0, y[i]! - floor);
    if (values[i]! > 0) positive += 1;
  }
  if (positive === 0) return null;
  const offset = positive === y.length ? 0 : OFFSET * medianOf(values.filter((value) => value > 0));
  for (let i = 0; i < y.length; i++) values[i] = Math.log(values[i]! + offset);
  return { values, offset };
}

/** Forecasts how far a series is above a floor that no value lies below. */
export const above =
  (forecast: Forecast, floor: number): Forecast =>
  (y, horizon) => {
    const ahead = forecast(
      y.map((value) => Math.max(0, value - floor)),
      horizon,
    );
    return ahead && ahead.map((value) => floor + value);
  };

/**
 * Forecasts a series, and shares it out over a season as the whole history is.
 * @param forecast - Of points that are not negative.
 */
export const sharedOver =
  (forecast: Forecast, seasonLength: number): Forecast =>
  (y, horizon) => {
    const ahead = forecast(y, horizon);
    if (ahead === null || seasonLength === 1) return ahead;
    const [sums, counts] = [new Float64Array(seasonLength), new Float64Array(seasonLength)];
    for (const [t, value] of y.entries()) {
      sums[t % seasonLength]! += value;
      counts[t % seasonLength]! += 1;
    }
    const whole = sums.reduce((sum, value) => sum + value, 0) / y.length;
    if (!(whole > 0) || y.length < seasonLength) return ahead;
    return ahead.map((value, step) => {
      const phase = (y.length + step) % seasonLength;
      return (value * sums[phase]!) / counts[phase]! / whole;
    });
  };

/** Points that are left after differencing, at the least. */
const LEAST_DIFFERENCES = 60;

/** Forecasts the differences of a series from a lag back, and adds them up again. */
export const throughDifferences =
  (forecast: Forecast, lag: number): Forecast =>
  (y, horizon) => {
    const n = y.length;
    if (n < lag + LEAST_DIFFERENCES) return null;
    const ahead = forecast(differenced(y, lag), horizon);
    if (ahead === null) return null;
    for (let step = 0; step < horizon; step++) ahead[step]! += step < lag ? y[n - lag + step]! : ahead[step - lag]!;
    return ahead;
  };

/** Takes seasons off a series, forecasts what is left, and adds each season's last cycle again. */
export const besideSeasons =
  (forecast: Forecast, decompose: (y: Float64Array) => MultipleDecomposition, seasonLengths: readonly number[]): Forecast =>
  (y, horizon) => {
    if (y.length < 2 * (seasonLengths.at(-1) ?? 0)) return null;
    if (seasonLengths.length === 0) return forecast(y, horizon);
    const { seasonals, adjusted } = decompose(y);
    const ahead = forecast(adjusted, horizon);
    if (ahead === null) return null;
    for (const [place, m] of seasonLengths.entries()) {
      const cycle = seasonals[place]!.subarray(-m);
      for (let step = 0; step < horizon; step++) ahead[step]! += cycle[step % m]!;
    }
    return ahead;
  };
