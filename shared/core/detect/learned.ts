import { combineRarities, LEAST_RARE, rarityOf } from "./calibration.ts";
import { METHOD_TABLES, RARITY_TABLE } from "./calibration-tables.ts";
import type { Observation, Reading } from "./method.ts";
import { METHODS } from "./methods.ts";

/** What a detector has learned of a series, up to a point of time. */
export interface Learned {
  /** Points, up to 4,294,967,295. */
  n: number;
  /** The newest learned, Unix ms; -1 before the first. */
  learnedTo: number;
  /** Of each method, in the order of METHODS. */
  readonly states: unknown[];
  /** The newest spacings between points, ms; in a ring. */
  readonly spacings: Float64Array;
  spacingCount: number;
  /** Rare points in a row, up to 255. */
  streak: number;
}

export const SPACINGS = 15;
/** Before so many points there is no score. */
export const WARM_UP_POINTS = 20;
/** A point counts as rare, towards a streak, from so many days per false alarm on. */
const STREAK_RARITY = Math.log10(30);
const LEAST_SPACINGS = 3;

export const createLearned = (): Learned => ({
  n: 0,
  learnedTo: -1,
  states: METHODS.map((method) => method.create()),
  spacings: new Float64Array(SPACINGS),
  spacingCount: 0,
  streak: 0,
});

/** The time between points, ms: the median of the newest spacings; null before there are three. */
export function cadenceOf({ spacings, spacingCount }: Learned): number | null {
  const n = Math.min(SPACINGS, spacingCount);
  if (n < LEAST_SPACINGS) return null;
  return spacings.slice(0, n).toSorted()[n >> 1]!;
}

export const readAll = ({ states }: Learned, point: Observation): Reading[] => METHODS.map((method, m) => method.read(states[m], point));

/** How rare each method finds a point: log10 of days per false alarm, times its weight against the default one. */
export function raritiesOf(readings: readonly Reading[], weights: Readonly<Record<string, number>>): number[] {
  return readings.map(({ statistic }, m) => {
    const { name, weight } = METHODS[m]!;
    const share = (weights[name] ?? weight) / weight;
    const rarity = rarityOf(METHOD_TABLES[name]!, statistic);
    return share === 0 ? LEAST_RARE : rarity > 0 ? rarity * share : rarity;
  });
}

/** How rare the ensemble finds it. */
export const jointRarity = (rarities: readonly number[]): number => {
  const combined = combineRarities(rarities);
  // The table is over 10 to the power of the combination: tables are over positive numbers.
  return rarityOf(RARITY_TABLE, 10 ** combined);
};

/** Takes a point in that is newer than all learned before. */
export function learn(learned: Learned, point: Observation, readings: readonly Reading[]): void {
  if (learned.n > 0) {
    learned.spacings[learned.spacingCount % SPACINGS] = point.timestamp - learned.learnedTo;
    learned.spacingCount =
      learned.spacingCount + 1 >= 2 * SPACINGS ? SPACINGS + ((learned.spacingCount + 1) % SPACINGS) : learned.spacingCount + 1;
  }
  const rare = learned.n >= WARM_UP_POINTS && jointRarity(raritiesOf(readings, {})) >= STREAK_RARITY;
  learned.streak = rare ? Math.min(255, learned.streak + 1) : 0;
  for (const [m, method] of METHODS.entries()) method.learn(learned.states[m], point);
  learned.n = Math.min(4_294_967_295, learned.n + 1);
  learned.learnedTo = point.timestamp;
}
