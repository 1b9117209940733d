import { normalQuantile } from "./normal-quantile.ts";

/** A prediction interval; lo and hi have shape (horizon,) and the unit of the forecast. */
export interface Interval {
  /** Coverage, in percent. */
  readonly level: number;
  readonly lo: Float64Array;
  readonly hi: Float64Array;
}

/** Mean absolute deviation to standard deviation, for a normal distribution. */
const NORMAL_SPREAD = Math.sqrt(Math.PI / 2);
/** Residuals at which their own quantiles and the normal ones weigh the same. */
const TRUSTED_RESIDUALS = 10;
/** What one origin's width lacks: origins share a level and a mood, so few of them understate the spread. */
const WIDENING = 0.4;

/**
 * Prediction intervals from the residuals of a backtest.
 *
 * Residuals are divided by their typical size at their lead, a + b sqrt(lead), pooled, and their quantiles scaled back at each lead, also
 * beyond those tested. The quantile is the average of the signed and the symmetric one; few residuals lean towards the normal
 * distribution, and few origins widen the interval by 1 + 0.4 / origins.
 * @param mean - Shape (horizon,).
 * @param residuals - Actual less forecast by lead, one row an origin; NaN is left out.
 * @param levels - In percent, each in (0, 100).
 * @param history - What was forecast, in the same unit, shape (n,), no NaN. Further ahead than was tested, residuals grow as points that lie so
 * far apart in it differ, where that is more.
 * @returns one interval a level, in their order; every one contains the mean, and a higher level contains a lower one.
 * @see FPP3, section 5.5, on intervals from residuals; Vovk et al. (2005) on conformal prediction, the idea without its guarantee here.
 */
export function intervalsFromResiduals(
  mean: Float64Array,
  residuals: readonly Float64Array[],
  levels: readonly number[],
  history: Float64Array = new Float64Array(),
): Interval[] {
  const tested = sizeByLead(residuals);
  const growth = growthBeyond(history, residuals[0]?.length ?? 0, mean.length);
  const size = (lead: number): number => Math.max(tested(lead), tested(Math.min(lead, growth.from)) * growth.by(lead));
  const standardised = residuals
    .flatMap((row) => Array.from(row, (residual, lead) => (size(lead) > 0 ? residual / size(lead) : residual)))
    .filter((value) => !Number.isNaN(value));
  const signed = Float64Array.from(standardised).toSorted();
  const absolute = signed.map(Math.abs).toSorted();
  const spread = (NORMAL_SPREAD * absolute.reduce((sum, value) => sum + value, 0)) / Math.max(1, absolute.length);
  const trust = absolute.length / (absolute.length + TRUSTED_RESIDUALS);
  const widening = 1 + WIDENING / Math.max(1, residuals.length);

  return levels.map((level) => {
    const tail = (1 - level / 100) / 2;
    const normal = -normalQuantile(tail) * spread;
    const symmetric = quantile(absolute, level / 100);
    const reach = (side: number): number =>
      Math.max(0, widening * (trust * ((side * quantile(signed, side < 0 ? tail : 1 - tail) + symmetric) / 2) + (1 - trust) * normal));
    const [below, above] = [reach(-1), reach(1)];
    return { level, lo: mean.map((value, lead) => value - below * size(lead)), hi: mean.map((value, lead) => value + above * size(lead)) };
  });
}

/**
 * Typical absolute residual by lead, from 0: a least-squares line in the square root of the lead, never falling, above a fifth of the mean.
 * @param residuals - One row an origin, shape (horizon,) each; NaN is left out.
 */
export function sizeByLead(residuals: readonly Float64Array[]): (lead: number) => number {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  for (const row of residuals) {
    for (const [lead, residual] of row.entries()) {
      if (Number.isNaN(residual)) continue;
      const x = Math.sqrt(lead + 1);
      n += 1;
      sumX += x;
      sumY += Math.abs(residual);
      sumXX += x * x;
      sumXY += x * Math.abs(residual);
    }
  }
  if (n === 0) return () => 0;
  const spread = n * sumXX - sumX * sumX;
  const mean = sumY / n;
  const rising = spread > 1e-9 * n * n ? Math.max(0, (n * sumXY - sumX * sumY) / spread) : 0;
  const slope = Math.min(rising, (0.8 * mean) / (sumX / n));
  const intercept = mean - slope * (sumX / n);
  return (lead) => intercept + slope * Math.sqrt(lead + 1);
}

/**
 * How much further apart points of a history lie, in value, than those as far apart in time as was tested: a cycle that the tests were too short
 * for shows in it.
 *
 * @param tested - Leads that were tested.
 * @returns the last lead that was, and by how much the most of what lies up to a lead is more than up to that one.
 */
function growthBeyond(y: Float64Array, tested: number, horizon: number): { from: number; by: (lead: number) => number } {
  const from = tested - 1;
  const most: number[] = [];
  for (let lead = 0; lead < Math.min(horizon, y.length >> 1); lead++) {
    let sum = 0;
    for (let t = lead + 1; t < y.length; t++) sum += Math.abs(y[t]! - y[t - lead - 1]!);
    most.push(Math.max(most.at(-1) ?? 0, sum / (y.length - lead - 1)));
  }
  const least = most[from] ?? 0;
  return { from, by: (lead) => (lead <= from || !(least > 0) ? 1 : (most[lead] ?? most.at(-1)!) / least) };
}

/**
 * Linearly interpolated quantile.
 * @param sorted - Ascending, shape (n,); an empty one has quantile 0.
 * @see R `quantile`, type 7.
 */
export function quantile(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) return 0;
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}
