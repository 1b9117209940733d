/** A monotone table: knots of a statistic with log10 of the days per false alarm that it stands for. */
export interface CalibrationTable {
  /** Ascending, > 0. */
  readonly statistics: readonly number[];
  /** Ascending. */
  readonly rarities: readonly number[];
}

/** The tables of one age: what a series has never been says little on its first day, and much after a month. */
export interface Calibration {
  /** Days observed from which on it holds, until the next one does. */
  readonly fromDays: number;
  /** Of each method, by name: over its statistic. */
  readonly methods: Readonly<Record<string, CalibrationTable>>;
  /** Of the ensemble: over 10 to the power of the methods' combined rarity, since tables are over positive numbers. */
  readonly joint: CalibrationTable;
}

/** The calibration of a series that was observed for so many days. */
export function calibrationAt(calibrations: readonly Calibration[], days: number): Calibration {
  let age = calibrations.length - 1;
  while (age > 0 && calibrations[age]!.fromDays > days) age -= 1;
  return calibrations[age]!;
}

/** Rarer than this cannot be told apart: 10^4 days. */
export const MOST_RARE = 4;
/** More common than this is not told apart either: ten a day. */
export const LEAST_RARE = -1;

/**
 * How rare a statistic is, as log10 of days per false alarm: linear in the statistic's logarithm between the knots, and beyond the last
 * as the upper third of them goes on.
 * @param statistic - >= 0.
 */
export function rarityOf({ statistics, rarities }: CalibrationTable, statistic: number): number {
  const n = statistics.length;
  if (statistic < statistics[0]!) return LEAST_RARE;
  let knot = 1;
  while (knot < n && statistics[knot]! <= statistic) knot += 1;
  const [from, to] = knot < n ? [knot - 1, knot] : tailOf(n);
  const [x0, x1] = [Math.log(statistics[from]!), Math.log(statistics[to]!)];
  const [y0, y1] = [rarities[from]!, rarities[to]!];
  const rarity = y1 + ((y1 - y0) * (Math.log(statistic) - x1)) / (x1 - x0);
  return Math.min(MOST_RARE, Math.max(LEAST_RARE, rarity));
}

/** The statistic that a rarity stands for: the inverse of rarityOf. */
export function statisticOf({ statistics, rarities }: CalibrationTable, rarity: number): number {
  const n = rarities.length;
  let knot = 1;
  while (knot < n && rarities[knot]! <= rarity) knot += 1;
  const [from, to] = knot < n ? [knot - 1, knot] : tailOf(n);
  const [x0, x1] = [Math.log(statistics[from]!), Math.log(statistics[to]!)];
  const [y0, y1] = [rarities[from]!, rarities[to]!];
  return Math.exp(x1 + ((x1 - x0) * (rarity - y1)) / (y1 - y0));
}

/** The knots that the line beyond the last goes through: few alarms made the last two, and they may stand close. */
const tailOf = (n: number): readonly [from: number, to: number] => [Math.min(n - 2, n - 1 - Math.floor(n / 3)), n - 1];

/**
 * One number for what several methods say: the largest. They look at the same points and are far from independent: whatever is added for
 * a second opinion makes false alarms of what all of them find a little rare.
 * @param rarities - log10 of days, already weighted, shape (methods,).
 */
export function combineRarities(rarities: readonly number[]): number {
  let largest = LEAST_RARE;
  for (const rarity of rarities) if (rarity > largest) largest = rarity;
  return largest;
}
