import { mstl } from "./mstl.ts";

/** From this strength on a season is differenced. */
const STRONG = 0.64;

/**
 * Share of what moves a series beside its trend that its season explains, 0..1.
 * @param y - Points, oldest first, shape (n,), n >= 2 m. No NaN.
 * @see FPP3, section 4.3; Wang, Smith & Hyndman (2006), Characteristic-based clustering for time series data.
 */
export function seasonalStrength(y: Float64Array, m: number): number {
  const { trend, adjusted } = mstl(y, [m]);
  const ofRemainder = varianceOf(adjusted.map((value, t) => value - trend[t]!));
  const ofBoth = varianceOf(y.map((value, t) => value - trend[t]!));
  return ofBoth > 0 ? Math.max(0, Math.min(1, 1 - ofRemainder / ofBoth)) : 0;
}

/**
 * Whether a series is to be differenced from season to season.
 * @see R `forecast::nsdiffs`, test "seas".
 */
export function needsSeasonalDifference(y: Float64Array, m: number): boolean {
  return m > 1 && y.length > 2 * m && seasonalStrength(y, m) > STRONG;
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
