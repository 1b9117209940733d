import { calibrationAt, combineRarities, LEAST_RARE, MOST_RARE, rarityOf } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";
import { CALIBRATIONS } from "./calibration-tables.ts";
import { judgeError } from "./errors.ts";
import { createForecaster, forecastNext, learnForecast, passForecast } from "./forecaster.ts";
import type { Forecaster } from "./forecaster.ts";
import type { Observation, Sight } from "./method.ts";
import { METHODS } from "./methods.ts";
import { createRun, learnRun, LEAST_OF_A_RUN } from "./run.ts";
import type { Run } from "./run.ts";

/** What a detector has learned of a series, up to a point of time. */
export interface Learned {
  /** Points, those included of which nothing but their time was learned; up to 4,294,967,295. */
  n: number;
  /** The newest of them, Unix ms; -1 before the first. */
  learnedTo: number;
  /** How long the series was observed, ms: of a gap at most a day counts. */
  observedMs: number;
  readonly forecaster: Forecaster;
  /** Of each method, in the order of METHODS. */
  readonly states: unknown[];
  /** The newest spacings between points, ms; in a ring. */
  readonly spacings: Float32Array;
  spacingCount: number;
  /** The time between points, ms: the median of the spacings; null before there are three. */
  cadence: number | null;
  /** Rare points in a row, up to 255. */
  streak: number;
  /** What was found last: see newsOf. */
  readonly alarm: Alarm;
  readonly run: Run;
}

/** How rare the rarest of late was, log10 of days before the joint table, and when, Unix ms. */
export interface Alarm {
  rarity: number;
  at: number;
}

/** A point against what is known: nothing is learned by looking. */
export interface Look {
  readonly sight: Sight;
  /** What each method says of it, in the order of METHODS. */
  readonly statistics: readonly number[];
}

/** So many of the newest spacings are kept. */
export const SPACINGS = 15;
/** Before so many points were learned there is no score. */
export const WARM_UP_POINTS = 20;
/** A point counts as rare, towards a streak, from so many days per false alarm on. */
const STREAK_RARITY = Math.log10(30);
/** After an alarm, what is no rarer is less news, by so much of the alarm's rarity at first, and after so long news again. */
const OLD_NEWS_SHARE = 0.5;
const OLD_NEWS_MS = 86_400_000;
const LEAST_SPACINGS = 3;
const MOST_SKIPPED = 1_000_000;
const DAY_MS = 86_400_000;

/** What is known before the first point. */
export const createLearned = (): Learned => ({
  n: 0,
  learnedTo: -1,
  observedMs: 0,
  forecaster: createForecaster(),
  states: METHODS.map((method) => method.create()),
  spacings: new Float32Array(SPACINGS),
  spacingCount: 0,
  cadence: null,
  streak: 0,
  alarm: { rarity: LEAST_RARE, at: 0 },
  run: createRun(),
});

/** The cadence that follows from the spacings. */
export function cadenceOf({ spacings, spacingCount }: Pick<Learned, "spacings" | "spacingCount">): number | null {
  const n = Math.min(SPACINGS, spacingCount);
  if (n < LEAST_SPACINGS) return null;
  return spacings.slice(0, n).toSorted()[n >> 1]!;
}

/** Points of which more than their time was learned: they decide what can be said of the next. */
export const pointsLearned = ({ forecaster }: Learned): number => forecaster.n;

/** What is rare for a series of this age. */
export const calibrationOf = ({ observedMs }: Learned): Calibration => calibrationAt(CALIBRATIONS, observedMs / DAY_MS);

/**
 * A point against what is known.
 * @param inOrder - It is newer than all that came before it: one that is not says nothing of a gap.
 */
export function lookAt({ n, learnedTo, cadence, forecaster, states }: Learned, point: Observation, inOrder = true): Look {
  const since = n === 0 ? null : point.timestamp - learnedTo;
  const skipped = cadence === null || since === null ? 0 : Math.round(since / Math.max(1, cadence)) - 1;
  const forecast = forecastNext(forecaster, point, Math.max(0, Math.min(MOST_SKIPPED, skipped)), cadence);
  const sight = { ...point, forecast, sinceLast: inOrder ? since : null, cadence };
  return { sight, statistics: METHODS.map((method, m) => method.read(states[m], sight)) };
}

/** How rare a method finds a point: log10 of days per false alarm. */
export interface MethodRarity {
  readonly rarity: number;
  /** The method's say: its own, or what somebody set. */
  readonly weight: number;
  /** What is rare at all times the weight. */
  readonly weighted: number;
  /** It is told beside the ensemble. */
  readonly isBeside: boolean;
  /** See Method. */
  readonly isSideless: boolean;
}

/** How rare each method finds a point. */
export const raritiesOf = (
  statistics: readonly number[],
  methods: Calibration["methods"],
  weights: Readonly<Record<string, number>> = {},
): MethodRarity[] =>
  statistics.map((statistic, m) => {
    const { name, mostDays } = METHODS[m]!;
    const rarity = Math.min(mostDays === undefined ? MOST_RARE : Math.log10(mostDays), rarityOf(methods[name]!, statistic));
    return weigh(rarity, METHODS[m]!, weights);
  });

/** @param rarity - As the method finds a point, log10 of days. */
export function weigh(rarity: number, method: (typeof METHODS)[number], weights: Readonly<Record<string, number>>): MethodRarity {
  const weight = weights[method.name] ?? method.weight;
  const weighted = weight === 0 ? LEAST_RARE : rarity > 0 ? rarity * weight : rarity;
  return { rarity, weight, weighted, isBeside: method.mostDays !== undefined, isSideless: method.isSideless === true };
}

/** How rare the ensemble finds a point: by itself, and as news after what was found before it; and what is told beside it. */
export function jointRarities(
  rarities: readonly MethodRarity[],
  { joint }: Calibration,
  alarm: Alarm,
  timestamp: number,
): { combined: number; standing: number; news: number } {
  const largest = (isBeside: boolean) => combineRarities(rarities.map((one) => (one.isBeside === isBeside ? one.weighted : LEAST_RARE)));
  const [combined, beside] = [largest(false), largest(true)];
  const news = newsOf(combined, alarm, timestamp);
  const standing = rarityOf(joint, 10 ** combined);
  return {
    combined,
    standing: Math.max(standing, beside),
    news: Math.max(news === combined ? standing : rarityOf(joint, 10 ** news), beside),
  };
}

/**
 * What is rarer than the alarm before it is news. What is not, is so again by and by: a false alarm counts once, not with each of its points.
 * @param combined - Of the methods, log10 of days before the joint table.
 */
export function newsOf(combined: number, alarm: Alarm, timestamp: number): number {
  const fresh = freshness(alarm, timestamp);
  if (combined <= 0 || combined > alarm.rarity || fresh === 0) return combined;
  return Math.max(LEAST_RARE, combined - OLD_NEWS_SHARE * fresh * alarm.rarity);
}

/** Takes note of what is rarer than the alarm before, or comes when that is old. */
export function learnAlarm(alarm: Alarm, combined: number, timestamp: number): void {
  if (combined <= 0 || (combined <= alarm.rarity && freshness(alarm, timestamp) > 0)) return;
  alarm.rarity = combined;
  alarm.at = timestamp;
}

const freshness = ({ rarity, at }: Alarm, timestamp: number): number =>
  rarity <= 0 ? 0 : Math.max(0, Math.min(1, 1 - (timestamp - at) / OLD_NEWS_MS));

/** How a point is learned: as what may be met again, as what is known from now on, or not at all but for its time. */
export type Lesson = "usual" | "accept" | "skip";

/** Takes a point in that is newer than all learned before. */
export function learn(learned: Learned, { sight, statistics }: Look, lesson: Lesson): void {
  const { n, alarm, forecaster, states, cadence } = learned;
  if (lesson === "skip") passForecast(forecaster, sight, sight.forecast);
  else {
    if (pointsLearned(learned) >= WARM_UP_POINTS) learnRarity(learned, sight, statistics);
    if (lesson === "accept") alarm.rarity = LEAST_RARE;
    for (let m = 0; m < METHODS.length; m++) METHODS[m]!.learn(states[m], sight, lesson === "accept");
    learnForecast(forecaster, sight, sight.forecast, cadence);
  }
  if (n > 0) learnSpacing(learned, sight.timestamp - learned.learnedTo);
  learned.n = Math.min(4_294_967_295, n + 1);
  learned.learnedTo = sight.timestamp;
}

function learnRarity(learned: Learned, { timestamp, value, forecast }: Sight, statistics: readonly number[]): void {
  const { alarm, run } = learned;
  const calibration = calibrationOf(learned);
  const rarities = raritiesOf(statistics, calibration.methods);
  const { combined, standing, news } = jointRarities(rarities, calibration, alarm, timestamp);
  learned.streak = standing >= STREAK_RARITY ? Math.min(255, learned.streak + 1) : 0;
  if (standing < LEAST_OF_A_RUN) run.rarity = LEAST_RARE;
  else learnRun(run, { standing, news, ...judgeError(value, forecast!, true), found: rarities.map(({ rarity }) => rarity) });
  learnAlarm(alarm, combined, timestamp);
}

function learnSpacing(learned: Learned, spacing: number): void {
  const place = learned.spacingCount % SPACINGS;
  const known = learned.spacingCount >= SPACINGS && learned.spacings[place] === spacing;
  learned.observedMs += Math.min(DAY_MS, spacing);
  learned.spacings[place] = spacing;
  const next = learned.spacingCount + 1;
  learned.spacingCount = next >= 2 * SPACINGS ? SPACINGS + (next % SPACINGS) : next;
  // A regular series takes out what it puts in.
  if (!known) learned.cadence = cadenceOf(learned);
}
