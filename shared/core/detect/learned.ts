import { calibrationAt, combineRarities, LEAST_RARE, rarityOf } from "./calibration.ts";
import type { Calibration } from "./calibration.ts";
import { CALIBRATIONS } from "./calibration-tables.ts";
import type { Observation, Reading } from "./method.ts";
import { METHODS } from "./methods.ts";

/** What a detector has learned of a series, up to a point of time. */
export interface Learned {
  /** Points, up to 4,294,967,295. */
  n: number;
  /** The newest learned, Unix ms; -1 before the first. */
  learnedTo: number;
  /** How long the series was observed, ms: of a gap at most a day counts. */
  observedMs: number;
  /** Of each method, in the order of METHODS. */
  readonly states: unknown[];
  /** The newest spacings between points, ms; in a ring. */
  readonly spacings: Float64Array;
  spacingCount: number;
  /** The time between points, ms: the median of the spacings; null before there are three. */
  cadence: number | null;
  /** Rare points in a row, up to 255. */
  streak: number;
}

/** So many of the newest spacings are kept. */
export const SPACINGS = 15;
/** Before so many points there is no score. */
export const WARM_UP_POINTS = 20;
/** A point counts as rare, towards a streak, from so many days per false alarm on. */
const STREAK_RARITY = Math.log10(30);
const LEAST_SPACINGS = 3;
const DAY_MS = 86_400_000;

/** What is known before the first point. */
export const createLearned = (): Learned => ({
  n: 0,
  learnedTo: -1,
  observedMs: 0,
  states: METHODS.map((method) => method.create()),
  spacings: new Float64Array(SPACINGS),
  spacingCount: 0,
  cadence: null,
  streak: 0,
});

/** The cadence that follows from the spacings. */
export function cadenceOf({ spacings, spacingCount }: Pick<Learned, "spacings" | "spacingCount">): number | null {
  const n = Math.min(SPACINGS, spacingCount);
  if (n < LEAST_SPACINGS) return null;
  return spacings.slice(0, n).toSorted()[n >> 1]!;
}

/** What is rare for a series of this age. */
export const calibrationOf = ({ observedMs }: Learned): Calibration => calibrationAt(CALIBRATIONS, observedMs / DAY_MS);

/** What each method says of a point, in the order of METHODS; nothing is learned. */
export const readAll = ({ states }: Learned, point: Observation): Reading[] => METHODS.map((method, m) => method.read(states[m], point));

/** How rare each method finds a point: log10 of days per false alarm, times its weight against the default one. */
export function raritiesOf(readings: readonly Reading[], { methods }: Calibration, weights: Readonly<Record<string, number>>): number[] {
  return readings.map(({ statistic }, m) => {
    const { name, weight } = METHODS[m]!;
    const share = (weights[name] ?? weight) / weight;
    const rarity = rarityOf(methods[name]!, statistic);
    return share === 0 ? LEAST_RARE : rarity > 0 ? rarity * share : rarity;
  });
}

/** How rare the ensemble finds it. */
export const jointRarity = (rarities: readonly number[], { joint }: Calibration): number =>
  rarityOf(joint, 10 ** combineRarities(rarities));

/** How a point is learned: as what may be met again, as what is known from now on, or not at all but for its time. */
export type Lesson = "usual" | "accept" | "skip";

/** Takes a point in that is newer than all learned before. */
export function learn(learned: Learned, point: Observation, readings: readonly Reading[], lesson: Lesson): void {
  const calibration = calibrationOf(learned);
  const rare = learned.n >= WARM_UP_POINTS && jointRarity(raritiesOf(readings, calibration, {}), calibration) >= STREAK_RARITY;
  learned.streak = rare ? Math.min(255, learned.streak + 1) : 0;
  if (lesson !== "skip") for (let m = 0; m < METHODS.length; m++) METHODS[m]!.learn(learned.states[m], point, lesson === "accept");
  if (learned.n > 0) learnSpacing(learned, point.timestamp - learned.learnedTo);
  learned.n = Math.min(4_294_967_295, learned.n + 1);
  learned.learnedTo = point.timestamp;
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
