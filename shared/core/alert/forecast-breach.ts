import type { CompletedForecast } from "../../contract/forecast.ts";
import type { ForecastCondition } from "../../contract/rule.ts";
import { normalProbability } from "../forecast/normal-probability.ts";
import { normalQuantile } from "../forecast/normal-quantile.ts";
import type { Evaluation } from "./step.ts";

/** A stored forecast: columns of one length, a row a step, timestamps in Unix ms ascending. Points up to its cutoff (Unix ms) made it. */
export type KnownForecast = Pick<CompletedForecast, "timestamps" | "mean" | "intervals"> & {
  readonly id: string | null;
  readonly cutoff: number;
};

/** How a forecast reaches a value. Times in Unix ms. */
export interface Breach {
  /** That it is reached within the horizon: at least so probable. */
  readonly probability: number;
  /** When it is first reached, where it is: the median, and the range that holds 80 %. null where the probability is zero. */
  readonly at: { readonly median: number; readonly lo: number; readonly hi: number } | null;
}

/**
 * How probably one forecast reaches a value within (at, at + horizon].
 *
 * Of each step the distribution goes through the ends of its intervals and, where the mean lies between the innermost, through the mean
 * as its median; between them, and beyond the outermost, normal scores are linear in the value, which makes it exact for a normal
 * distribution. How steps depend on each other a forecast does not say: the largest probability of one step is taken, which is the least that
 * the probability of any of them can be, and what it is when the whole path is high or low together. In that sense the value is reached by
 * a step with the largest probability up to it; the times are quantiles of that, given that it is reached at all.
 *
 * @returns null where the forecast has no step in that time, or no intervals: it says nothing of probabilities then.
 */
export function breachOf(condition: ForecastCondition, forecast: KnownForecast, at: number): Breach | null {
  const { timestamps } = forecast;
  const reached = reachedBySteps(condition, forecast);
  const [start, end] = [firstAfter(timestamps, at), firstAfter(timestamps, at + condition.horizon)];
  let probability = -1;
  for (let step = start; step < end; step += 1) if (reached[step]! > probability) probability = reached[step]!;
  if (probability < 0) return null;

  if (probability === 0) return { probability, at: null };
  const timeOf = (share: number): number => {
    let step = start;
    while (!(reached[step]! >= share * probability)) step += 1;
    return timestamps[step]!;
  };
  return { probability, at: { median: timeOf(0.5), lo: timeOf(0.1), hi: timeOf(0.9) } };
}

function firstAfter(timestamps: readonly number[], time: number): number {
  let [low, high] = [0, timestamps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What was computed of a forecast, by the operator and the value: forecasts never change, and are looked at again and again. */
const REACHED = new WeakMap<KnownForecast, Map<string, Float64Array>>();

/** How probably each step of a forecast reaches a condition's value; NaN where the step says nothing. */
function reachedBySteps({ operator, value }: ForecastCondition, forecast: KnownForecast): Float64Array {
  const known = REACHED.get(forecast) ?? new Map<string, Float64Array>();
  REACHED.set(forecast, known);
  const key = `${operator} ${value}`;
  const isUpper = operator === "gt" || operator === "gte";
  // Above is what is not at or below, at or above what is not below.
  const isInclusive = operator === "gt" || operator === "lte";
  const reached =
    known.get(key) ??
    Float64Array.from(forecast.timestamps, (_, step) => {
      const below = probabilityBelow(forecast, step, value, isInclusive);
      return isUpper ? 1 - below : below;
    });
  known.set(key, reached);
  return reached;
}

/** A forecast counts for so many horizons of the condition after its cutoff. */
const COUNTS_HORIZONS = 2;

/**
 * True while `need` of the last `of` forecasts reach the value within the horizon from now on at least as probably as the condition asks.
 * A forecast counts from its cutoff for two horizons; only its points after `at` do.
 *
 * @param forecasts - Of one series, in any order; those with a cutoff after `at` are not known yet.
 */
export function evaluateForecast(condition: ForecastCondition, forecasts: readonly KnownForecast[], at: number): Evaluation {
  const { confirm, probability, horizon } = condition;
  const newest = forecasts
    .filter(({ cutoff }) => cutoff <= at && at - cutoff <= COUNTS_HORIZONS * horizon)
    .toSorted((a, b) => b.cutoff - a.cutoff)
    .slice(0, confirm.of);
  const breaches = newest.map((forecast) => ({ forecast, breach: breachOf(condition, forecast, at) }));
  const agreeing = breaches.filter(({ breach }) => breach !== null && breach.probability >= probability);
  if (agreeing.length < confirm.need) return { at, outcome: "false", value: breaches[0]?.breach?.probability ?? null };

  const { forecast, breach } = agreeing[0]!;
  const value = breach!.probability;
  const evidence: ForecastEvidence = {
    kind: "forecast",
    operator: condition.operator,
    threshold: condition.value,
    horizon,
    probability: value,
    needed: probability,
    agreeing: agreeing.length,
    of: newest.length,
    breachAt: breach!.at!,
    interval: intervalAt(forecast, breach!.at!.median),
    forecast: forecast.id,
    cutoff: forecast.cutoff,
  };
  return { at, outcome: "true", value, evidence: { ...evidence } };
}

/**
 * The time from which on forecasts may say something else than they do at a time, if none is made until then: a step passes, or comes within
 * the horizon, or a forecast counts from then on, or no longer. Infinity where none of that happens.
 */
export function forecastChangesAt({ horizon }: ForecastCondition, forecasts: readonly KnownForecast[], at: number): number {
  let next = Infinity;
  for (const { cutoff, timestamps } of forecasts) {
    const ends = cutoff + COUNTS_HORIZONS * horizon + 1;
    if (ends <= at) continue;
    for (const time of [cutoff, ends]) if (time > at) next = Math.min(next, time);
    for (const timestamp of timestamps) {
      for (const time of [timestamp, timestamp - horizon]) if (time > at) next = Math.min(next, time);
    }
  }
  return next;
}

/**
 * The evidence of a forecast alert, of the newest forecast that agrees; its value is the probability. Times in Unix ms, `horizon` in ms.
 */
export interface ForecastEvidence {
  readonly kind: "forecast";
  readonly operator: ForecastCondition["operator"];
  readonly threshold: number;
  readonly horizon: number;
  readonly probability: number;
  /** How probable it had to be. */
  readonly needed: number;
  /** Forecasts that reach the value so probably, of how many that were looked at. */
  readonly agreeing: number;
  readonly of: number;
  readonly breachAt: NonNullable<Breach["at"]>;
  /** What is forecast for the median breach time: the widest interval. `level` in percent. */
  readonly interval: { readonly level: number; readonly lo: number; readonly hi: number; readonly mean: number };
  readonly forecast: string | null;
  readonly cutoff: number;
}

function intervalAt({ timestamps, mean, intervals }: KnownForecast, time: number): ForecastEvidence["interval"] {
  const step = timestamps.indexOf(time);
  const { level, lo, hi } = intervals.reduce((widest, interval) => (interval.level > widest.level ? interval : widest));
  return { level, lo: lo[step]!, hi: hi[step]!, mean: mean[step]! };
}

/** A value of a distribution and its normal score. */
interface Knot {
  readonly value: number;
  readonly score: number;
}

/**
 * P(Y < value), or P(Y <= value) where it is inclusive, of one step; NaN where it has no intervals, or they are not finite. The two differ where ends of
 * intervals fall together, as at a bound: that value has a probability of its own then, and nothing lies beyond it.
 */
function probabilityBelow({ mean, intervals }: KnownForecast, step: number, value: number, isInclusive: boolean): number {
  if (intervals.length === 0) return NaN;
  const knots: Knot[] = [];
  for (const { level, lo, hi } of intervals) {
    const score = normalQuantile(0.5 + level / 200);
    knots.push({ value: lo[step]!, score: -score }, { value: hi[step]!, score });
  }
  knots.sort((a, b) => a.score - b.score);
  const middle = knots.length / 2;
  const expected = mean[step]!;
  if (knots[middle - 1]!.value < expected && expected < knots[middle]!.value) knots.splice(middle, 0, { value: expected, score: 0 });
  if (!knots.every((knot) => Number.isFinite(knot.value))) return NaN;

  // Intervals that cross are made ascending: a distribution function never falls.
  for (let n = 1; n < knots.length; n += 1) knots[n] = { ...knots[n]!, value: Math.max(knots[n]!.value, knots[n - 1]!.value) };
  const last = knots.length - 1;
  const above = knots.findIndex((knot) => knot.value > value);
  const start = knots.findIndex((knot) => knot.value === value);
  const end = knots.findLastIndex((knot) => knot.value === value);
  if (end > start) {
    if (isInclusive) return end === last ? 1 : normalProbability(knots[end]!.score);
    return start === 0 ? 0 : normalProbability(knots[start]!.score);
  }
  if (above === 0 && knots[0]!.value === knots[1]!.value) return 0;
  if (above === -1 && knots[last]!.value === knots[last - 1]!.value) return 1;
  const upper = above === -1 ? last : Math.max(1, above);
  return normalProbability(between(knots[upper - 1]!, knots[upper]!, value));
}

const between = (a: Knot, b: Knot, value: number): number => a.score + ((b.score - a.score) * (value - a.value)) / (b.value - a.value);
