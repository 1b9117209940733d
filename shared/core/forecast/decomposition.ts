/**
 * Centred moving average over one season; an even season's two end points count half each.
 *
 * @param y - Points, shape (n,). No NaN.
 * @param seasonLength - Window m, >= 1.
 * @returns shape (n,); NaN for the first and last m/2 points (rounded down), where the window does not fit.
 * @see Hyndman & Athanasopoulos, FPP3, section 3.3; R `forecast::ma(centre = TRUE)`.
 */
export function movingAverage(y: Float64Array, seasonLength: number): Float64Array {
  const n = y.length;
  const half = seasonLength >> 1;
  const even = seasonLength % 2 === 0;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + y[i]!;

  const average = new Float64Array(n).fill(NaN);
  for (let i = half; i + half < n; i++) {
    const sum = sums[i + half + 1]! - sums[i - half]!;
    average[i] = (even ? sum - (y[i - half]! + y[i + half]!) / 2 : sum) / seasonLength;
  }
  return average;
}

/**
 * Additive seasonal effects by classical decomposition: the mean, at each phase, of what is left of a series beside its moving average.
 *
 * @param y - Points, oldest first, shape (n,), n >= 2 m. No NaN.
 * @param seasonLength - Points per cycle m, >= 2.
 * @param counts - Whether the point at an index is an observation to learn from; all are, by default.
 * @returns effects summing to zero, shape (m,); entry j belongs to the points whose index is j modulo m.
 * @see Hyndman & Athanasopoulos, FPP3, section 3.4; R `decompose`.
 */
export function seasonalEffects(y: Float64Array, seasonLength: number, counts: (index: number) => boolean = () => true): Float64Array {
  const trend = movingAverage(y, seasonLength);
  const sums = new Float64Array(seasonLength);
  const numbers = new Float64Array(seasonLength);
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(trend[i]!) || !counts(i)) continue;
    sums[i % seasonLength]! += y[i]! - trend[i]!;
    numbers[i % seasonLength]! += 1;
  }
  const effects = sums.map((sum, phase) => sum / Math.max(1, numbers[phase]!));
  const offset = effects.reduce((sum, effect) => sum + effect, 0) / seasonLength;
  return effects.map((effect) => effect - offset);
}
