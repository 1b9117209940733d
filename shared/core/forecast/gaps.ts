import { seasonalEffects } from "./decomposition.ts";

/**
 * Fills gaps by straight lines between their neighbours; on a seasonal series, through the series less its seasonal effects.
 *
 * @param y - Points, oldest first, NaN for gaps, shape (n,); at least one is not NaN.
 * @param seasonLength - Points per cycle, >= 1; below two cycles the lines are plain.
 * @returns a copy without NaN, shape (n,); y itself where it has no gap. Gaps before the first or after the last point repeat it.
 * @see R `forecast::na.interp`, whose convention this follows, with a classical decomposition in place of STL.
 */
export function fillGaps(y: Float64Array, seasonLength: number): Float64Array {
  if (!y.some(Number.isNaN)) return y;
  const straight = fillStraight(y);
  if (seasonLength < 2 || y.length < 2 * seasonLength) return straight;

  const effects = seasonalEffects(straight, seasonLength, (i) => !Number.isNaN(y[i]!));
  const adjusted = fillStraight(y.map((value, i) => value - effects[i % seasonLength]!));
  return y.map((value, i) => (Number.isNaN(value) ? adjusted[i]! + effects[i % seasonLength]! : value));
}

function fillStraight(y: Float64Array): Float64Array {
  const filled = y.slice();
  let before = -1;
  for (let i = 0; i <= y.length; i++) {
    if (i < y.length && Number.isNaN(y[i]!)) continue;
    for (let gap = before + 1; gap < i; gap++) {
      if (before < 0) filled[gap] = y[i]!;
      else if (i === y.length) filled[gap] = y[before]!;
      else filled[gap] = y[before]! + ((y[i]! - y[before]!) * (gap - before)) / (i - before);
    }
    before = i;
  }
  return filled;
}
