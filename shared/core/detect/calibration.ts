/** A monotone table: knots of a statistic with log10 of the days per false alarm that it stands for. */
export interface CalibrationTable {
  /** Ascending, > 0. */
  readonly statistics: readonly number[];
  /** Ascending. */
  readonly rarities: readonly number[];
}

/** Rarer than this cannot be told apart: 10^4 days. */
export const MOST_RARE = 4;
/** More common than this is not told apart either: ten a day. */
export const LEAST_RARE = -1;

/**
 * How rare a statistic is, as log10 of days per false alarm: linear in the statistic's logarithm between the knots and beyond the last.
 * @param statistic - >= 0.
 */
export function rarityOf({ statistics, rarities }: CalibrationTable, statistic: number): number {
  const n = statistics.length;
  if (statistic < statistics[0]!) return LEAST_RARE;
  let knot = 1;
  while (knot < n - 1 && statistics[knot]! <= statistic) knot += 1;
  const [x0, x1] = [Math.log(statistics[knot - 1]!), Math.log(statistics[knot]!)];
  const [y0, y1] = [rarities[knot - 1]!, rarities[knot]!];
  const rarity = y0 + ((y1 - y0) * (Math.log(statistic) - x0)) / (x1 - x0);
  return Math.min(MOST_RARE, Math.max(LEAST_RARE, rarity));
}

/** The statistic that a rarity stands for: the inverse of rarityOf. */
export function statisticOf({ statistics, rarities }: CalibrationTable, rarity: number): number {
  const n = rarities.length;
  let knot = 1;
  while (knot < n - 1 && rarities[knot]! <= rarity) knot += 1;
  const [x0, x1] = [Math.log(statistics[knot - 1]!), Math.log(statistics[knot]!)];
  const [y0, y1] = [rarities[knot - 1]!, rarities[knot]!];
  return Math.exp(x0 + ((x1 - x0) * (rarity - y0)) / (y1 - y0));
}

/**
 * One number for what several methods say: the largest, and a quarter of the next where both are positive.
 * @param rarities - log10 of days, already weighted, shape (methods,).
 */
export function combineRarities(rarities: readonly number[]): number {
  const [first = LEAST_RARE, second = LEAST_RARE] = rarities.toSorted((a, b) => b - a);
  return first > 0 && second > 0 ? first + second / 4 : first;
}
