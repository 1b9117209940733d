/** What counts as zero, or null where values are negative too; points of a series as they are observed, NaN for gaps. */
interface Floored {
  readonly floor: number | null;
}

/** Share of the observed points that are exactly zero, 0..1; 0 where there is no floor. @param y - Shape (n,). */
export function zeroShare(y: Float64Array, { floor }: Floored): number {
  if (floor === null) return 0;
  let [observed, zeros] = [0, 0];
  for (const value of y) {
    if (value === floor) zeros += 1;
    if (!Number.isNaN(value)) observed += 1;
  }
  return zeros / observed;
}

/** Squared coefficient of variation from which demands are lumpy: so unlike each other that their mean is that of a few great ones. */
const LUMPY = 0.49;

/**
 * Whether most of a series comes at times of its cycle that mostly have none of it, in demands of a like size.
 *
 * There the median is zero, and so is the forecast with the least absolute error, which is of no use to whom the demand is to be met for;
 * what is asked is the mean, and squared errors find it. A shop that is closed at night has zeros too, but where they are expected; and
 * seldom bursts of any size make a mean that no step comes near, so they stay with the median.
 * @param y - Shape (n,); NaN for gaps.
 * @param options.seasonLength - Points per cycle that shows in it, 1 for none.
 * @see Kolassa (2016), Evaluating predictive count data distributions in retail sales forecasting, on absolute errors of such series;
 * Syntetos, Boylan & Croston (2005), On the categorization of demand patterns, for what is intermittent and what is lumpy.
 */
export function isIntermittent(y: Float64Array, { floor, seasonLength }: Floored & { readonly seasonLength: number }): boolean {
  if (floor === null || !(zeroShare(y, { floor }) > 0)) return false;
  const [all, zeros, demand] = [new Uint32Array(seasonLength), new Uint32Array(seasonLength), new Float64Array(seasonLength)];
  let [demands, squares] = [0, 0];
  for (const [t, value] of y.entries()) {
    if (Number.isNaN(value)) continue;
    const phase = t % seasonLength;
    all[phase]! += 1;
    demand[phase]! += value - floor;
    if (value === floor) zeros[phase]! += 1;
    else demands += 1;
    squares += (value - floor) ** 2;
  }
  const whole = demand.reduce((sum, value) => sum + value, 0);
  const unlikely = demand.filter((_, phase) => 2 * zeros[phase]! > all[phase]!).reduce((sum, value) => sum + value, 0);
  return 2 * unlikely > whole && demands * squares < (1 + LUMPY) * whole * whole;
}
