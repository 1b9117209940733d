import type { ByteReader, ByteWriter } from "./bytes.ts";
import { createCycle, DAY, decodeCycle, encodeCycle, learnCycle, predictCycle, WEEK } from "./cycle.ts";
import type { Cycle } from "./cycle.ts";
import type { Observation } from "./method.ts";
import { createPeriod, decodePeriod, encodePeriod, learnPeriod, passPlaces, predictPeriod } from "./period.ts";
import type { Period } from "./period.ts";

/**
 * A mixture of cheap forecasters, weighted by how well each has done lately. It expects two things of a point: what is likely after what
 * just was, and what is usual for its time.
 */
export interface Forecaster {
  /** Points learned, up to 4,294,967,295. */
  n: number;
  /** The first value: all others are learned as their distance from it, so that a large one does not hide small changes. */
  origin: number;
  /** By how much the wall clock was ahead of UTC at the newest point, ms. */
  offset: number;
  /** Newest first. */
  readonly last: Float64Array;
  /** Exponential windows of the values. */
  readonly windows: Float64Array;
  /** The level that the series returns to; it follows outliers slowly. */
  level: number;
  /** How far the series is of late from what is usual for its time: over the last points, and over hours. */
  readonly drifts: Float64Array;
  readonly day: Cycle;
  readonly week: Cycle;
  readonly period: Period;
  /** Recent absolute error of what is usual, by each way to tell it; and of each forecaster. */
  readonly usualLosses: Float32Array;
  readonly losses: Float32Array;
  readonly usualSpread: Spread;
  readonly spread: Spread;
  /** Recent mean of |what is usual|. */
  size: number;
}

/** The mean absolute error, as it would be if it grew with each of POWERS of the level; and how badly each explains the errors. */
interface Spread {
  readonly scales: Float64Array;
  readonly misfits: Float64Array;
  /** Regardless of the level. */
  plain: number;
}

/** What is expected of a point before it is known. */
export interface Forecast {
  /** Likely after what just was. */
  readonly expected: number;
  /** The mean absolute error of that, at this level of the series; 0 for what was constant so far. */
  readonly scale: number;
  /** Usual for the time. */
  readonly usual: number;
  readonly usualScale: number;
  /** What learning needs of it: relative to the origin. */
  readonly parts: {
    readonly forecasts: Float64Array;
    readonly usuals: Float64Array;
    readonly expected: number;
    readonly usual: number;
    readonly undrifted: number;
    readonly level: number;
    /** Places of the learned period: fewer than none where clocks were set back. */
    readonly skipped: number;
  };
}

const DAY_MS = 86_400_000;
/** A learned period that differs from whole days by less than this share of one is theirs. */
const NEARLY_DAYS = 0.02;
/** Half-lives of the windows, in points. */
const HALF_LIVES = [3, 12, 100];
const WINDOW_STEPS = HALF_LIVES.map((halfLife) => 1 - 0.5 ** (1 / halfLife));
const LEVEL_STEP = 1 - 0.5 ** (1 / 400);
/** Of the drifts: over the newest point and a little more, over four points, and over a hundred. */
const DRIFT_STEPS = [0.8, 1 - 0.5 ** (1 / 4), 1 - 0.5 ** (1 / 100)];
/** What is usual by the level, the day, the week and the learned period. */
const USUALS = 4;
/** The last value, the windows, the median of three, what is usual with both short drifts and without, by the day, the week, the period. */
const FORECASTERS = 11;
const USUAL_LOSS_STEP = 0.004;
const LOSS_STEP = 0.005;
const SCALE_STEP = 1 - 0.5 ** (1 / 600);
/** Errors may grow with the level, with its root, or not at all. */
const POWERS = [0, 0.5, 1];
/** So much better a power has to explain the errors before it is believed. */
const BELIEVED = 0.01;
/** Below this share of the usual size a level counts as it. */
const LEAST_SIZE = 0.05;
/** The first points teach without bounds. */
const FREE_POINTS = 40;
/** Errors count for so many scales at most: in losses, in scales, in what is usual, and in everything else. */
const MOST_LOSS = 20;
const MOST_SCALE = 6;
const MOST_USUAL = 3;
const MOST_VALUE = 30;
const LEAST_SCALE = 1e-300;

/** Nothing learned. */
export const createForecaster = (): Forecaster => ({
  n: 0,
  origin: 0,
  offset: 0,
  last: new Float64Array(3),
  windows: new Float64Array(HALF_LIVES.length),
  level: 0,
  drifts: new Float64Array(DRIFT_STEPS.length),
  day: createCycle(DAY),
  week: createCycle(WEEK),
  period: createPeriod(),
  usualLosses: new Float32Array(USUALS),
  losses: new Float32Array(FORECASTERS),
  usualSpread: createSpread(),
  spread: createSpread(),
  size: 0,
});

const createSpread = (): Spread => ({ scales: new Float64Array(POWERS.length), misfits: new Float64Array(POWERS.length), plain: 0 });

/** A holiday is as a Sunday. */
function weekTime({ localTime, holiday }: Observation): number {
  if (!holiday) return localTime;
  const day = Math.floor((localTime - WEEK.offsetMs) / DAY_MS);
  return localTime + (6 - (((day % 7) + 7) % 7)) * DAY_MS;
}

/**
 * What is expected of a point; null before the first.
 * @param skipped - Points that should have come since the last one and have not.
 * @param cadence - Ms between points; null while it is not known.
 */
export function forecastNext(forecaster: Forecaster, point: Observation, skipped: number, cadence: number | null): Forecast | null {
  if (forecaster.n === 0) return null;
  const { origin, last, windows, drifts, day, week, period, usualLosses, losses, usualSpread, spread, size } = forecaster;
  const places = skipped + placesMoved(forecaster, point, cadence);
  const usuals = Float64Array.of(
    forecaster.level,
    predictCycle(day, DAY, point.localTime),
    predictCycle(week, WEEK, weekTime(point)),
    predictPeriod(period, places),
  );
  const undrifted = mix(usuals, usualLosses);
  const usual = undrifted + drifts[2]!;
  const forecasts = Float64Array.of(
    last[0]!,
    windows[0]!,
    windows[1]!,
    windows[2]!,
    // One odd point moves it not at all: where such come alone, it keeps their echo from being odd too.
    middleOf(last[0]!, last[1]!, last[2]!),
    usual + drifts[1]!,
    usual + drifts[0]!,
    usuals[1]!,
    usuals[2]!,
    usuals[3]!,
    usual,
  );
  const expected = mix(forecasts, losses);
  const level = Math.max(Math.abs(usual + origin), LEAST_SIZE * size, LEAST_SCALE);
  return {
    expected: expected + origin,
    scale: scaleAt(spread, level),
    usual: usual + origin,
    usualScale: scaleAt(usualSpread, level),
    parts: { forecasts, usuals, expected, usual, undrifted, level, skipped: places },
  };
}

/** How far, in places, clocks were changed since the newest point, for a period that follows them: one of whole days. */
function placesMoved({ period, offset }: Forecaster, { localTime, timestamp }: Observation, cadence: number | null): number {
  const changed = localTime - timestamp - offset;
  if (changed === 0 || cadence === null || period.lag === 0) return 0;
  const days = (period.lag * cadence) / DAY_MS;
  const isOfDays = days > 0.5 && Math.abs(days - Math.round(days)) < NEARLY_DAYS;
  return isOfDays ? Math.max(-period.lag, Math.min(period.lag, Math.round(changed / cadence))) : 0;
}

const middleOf = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

/** The predictions there are, weighted by the sixth power of the ratio of losses. */
function mix(predictions: Float64Array, losses: Float32Array): number {
  let least = Infinity;
  for (let i = 0; i < predictions.length; i++) if (!Number.isNaN(predictions[i]!)) least = Math.min(least, losses[i]!);
  let [sum, total] = [0, 0];
  for (let i = 0; i < predictions.length; i++) {
    if (Number.isNaN(predictions[i]!)) continue;
    const ratio = losses[i] === least ? 1 : least / losses[i]!;
    const weight = ratio ** 6;
    sum += weight * predictions[i]!;
    total += weight;
  }
  return sum / total;
}

function scaleAt({ scales, misfits }: Spread, level: number): number {
  let best = 0;
  for (let power = 1; power < POWERS.length; power++) if (misfits[power]! < misfits[best]! - BELIEVED) best = power;
  return scales[best]! * level ** POWERS[best]!;
}

/**
 * Takes a point in.
 * @param forecast - What forecastNext said of it.
 */
export function learnForecast(forecaster: Forecaster, point: Observation, forecast: Forecast | null, cadence: number | null): void {
  forecaster.offset = point.localTime - point.timestamp;
  if (forecast === null) {
    forecaster.origin = point.value;
    forecaster.size = Math.abs(point.value);
    learnTimes(forecaster, point, 0, { most: Infinity, skipped: 0, cadence });
    forecaster.n = 1;
    return;
  }
  const { n } = forecaster;
  const { usual, undrifted, level, skipped } = forecast.parts;
  const free = n <= FREE_POINTS;
  const value = point.value - forecaster.origin;
  learnLosses(forecaster, forecast, value, free);

  const scale = Math.max(forecast.usualScale, LEAST_SCALE);
  const most = free ? Infinity : MOST_USUAL * scale;
  // The forecasters learn of a giant only that it was large: one would spoil what they say for days.
  const bounded = free ? value : clip(value, usual, MOST_VALUE * scale);
  const { drifts, last, windows } = forecaster;
  drifts[2]! += DRIFT_STEPS[2]! * (clip(value, undrifted, most) - undrifted - drifts[2]!);
  for (let i = 0; i < 2; i++) drifts[i]! += DRIFT_STEPS[i]! * (bounded - usual - drifts[i]!);
  last[2] = last[1]!;
  last[1] = last[0]!;
  last[0] = bounded;
  for (let i = 0; i < windows.length; i++) windows[i]! += Math.max(WINDOW_STEPS[i]!, 1 / (n + 1)) * (bounded - windows[i]!);
  forecaster.level += Math.max(LEVEL_STEP, 1 / (n + 1)) * (clip(bounded, usual, most) - forecaster.level);
  forecaster.size += Math.max(SCALE_STEP, 1 / n) * (level - forecaster.size);
  learnTimes(forecaster, point, bounded, { most: 2 * most, skipped, cadence });
  forecaster.n = Math.min(4_294_967_295, n + 1);
}

/** Lets a point pass of which nothing is to be learned: what repeats goes on behind it in its own time. */
export function passForecast(forecaster: Forecaster, { localTime, timestamp }: Observation, forecast: Forecast | null): void {
  if (forecast === null) return;
  forecaster.offset = localTime - timestamp;
  passPlaces(forecaster.period, forecast.parts.skipped + 1);
}

const clip = (value: number, middle: number, most: number): number => Math.max(middle - most, Math.min(middle + most, value));

function learnTimes(
  { day, week, period }: Forecaster,
  point: Observation,
  value: number,
  { most, skipped, cadence }: { most: number; skipped: number; cadence: number | null },
): void {
  if (!point.holiday) learnCycle(day, DAY, point.localTime, value, most, cadence);
  learnCycle(week, WEEK, weekTime(point), value, most, cadence);
  learnPeriod(period, value, skipped, most);
}

function learnLosses(forecaster: Forecaster, { parts }: Forecast, value: number, free: boolean): void {
  const { n, losses, usualLosses, spread, usualSpread } = forecaster;
  const { forecasts, usuals, expected, usual, level } = parts;
  learnOwnLosses(usualLosses, usuals, value, {
    step: Math.max(USUAL_LOSS_STEP, 1 / n),
    most: mostLoss(usualSpread, free),
    rest: usuals[0]!,
  });
  learnOwnLosses(losses, forecasts, value, { step: Math.max(LOSS_STEP, 1 / n), most: mostLoss(spread, free), rest: usuals[0]! });
  const step = Math.max(SCALE_STEP, 1 / n);
  learnSpread(usualSpread, Math.abs(value - usual), level, step, free);
  learnSpread(spread, Math.abs(value - expected), level, step, free);
}

const mostLoss = ({ plain }: Spread, free: boolean): number => (free || plain === 0 ? Infinity : MOST_LOSS * plain);

/** `rest`: what those say that have nothing to say. */
function learnOwnLosses(
  losses: Float32Array,
  predictions: Float64Array,
  value: number,
  { step, most, rest }: { step: number; most: number; rest: number },
): void {
  for (let i = 0; i < losses.length; i++) {
    const prediction = Number.isNaN(predictions[i]!) ? rest : predictions[i]!;
    losses[i]! += step * (Math.min(Math.abs(value - prediction), most) - losses[i]!);
  }
}

function learnSpread(spread: Spread, error: number, level: number, step: number, free: boolean): void {
  const most = free ? Infinity : MOST_SCALE;
  const { scales, misfits } = spread;
  spread.plain += step * ((spread.plain > 0 ? Math.min(error, most * spread.plain) : error) - spread.plain);
  for (let power = 0; power < POWERS.length; power++) {
    // While nothing but zeros came there is no level that errors could grow with.
    if (power > 0 && level <= LEAST_SCALE) continue;
    const unit = level ** POWERS[power]!;
    const own = error / unit;
    scales[power]! += step * ((scales[power]! > 0 ? Math.min(own, most * scales[power]!) : own) - scales[power]!);
    // The negative log-likelihood of a Laplace distribution.
    const scale = Math.max(scales[power]! * unit, LEAST_SCALE);
    misfits[power]! += step * (Math.log(scale) + Math.min(error / scale, MOST_SCALE) - misfits[power]!);
  }
}

/** Writes all of it. */
export function encodeForecaster(forecaster: Forecaster, writer: ByteWriter): void {
  const { n, origin, offset, last, windows, level, drifts, day, week, period, usualLosses, losses, usualSpread, spread, size } = forecaster;
  writer.u32(n);
  for (const numbers of [last, windows, drifts]) writer.f64s(numbers);
  for (const numbers of [usualLosses, losses]) writer.f32s(numbers);
  for (const { scales, misfits, plain } of [usualSpread, spread]) {
    writer.f64s(scales);
    writer.f64s(misfits);
    writer.f64(plain);
  }
  for (const number of [origin, offset, level, size]) writer.f64(number);
  encodeCycle(day, writer);
  encodeCycle(week, writer);
  encodePeriod(period, writer);
}

/** Reads what encodeForecaster wrote. @throws RangeError beyond the end. */
export function decodeForecaster(reader: ByteReader): Forecaster {
  const n = reader.u32();
  const [last, windows, drifts] = [reader.f64s(3), reader.f64s(HALF_LIVES.length), reader.f64s(DRIFT_STEPS.length)];
  const [usualLosses, losses] = [reader.f32s(USUALS), reader.f32s(FORECASTERS)];
  const [usualSpread, spread] = [0, 1].map((): Spread => ({
    scales: reader.f64s(POWERS.length),
    misfits: reader.f64s(POWERS.length),
    plain: reader.f64(),
  })) as [Spread, Spread];
  const [origin, offset, level, size] = [reader.f64(), reader.f64(), reader.f64(), reader.f64()];
  const day = decodeCycle(reader, DAY);
  const week = decodeCycle(reader, WEEK);
  const period = decodePeriod(reader);
  return { n, origin, offset, last, windows, level, drifts, day, week, period, usualLosses, losses, usualSpread, spread, size };
}
