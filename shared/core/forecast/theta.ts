import { goldenSection } from "./golden-section.ts";

/** Where the smoothing parameter is looked for, and how finely. */
const SEARCH = { from: 0.001, to: 0.999, steps: 14 };

/**
 * Theta forecast: exponential smoothing with half of the straight line's slope as its drift.
 *
 * @param y - Points, oldest first, equally spaced, without a season, shape (n,). Finite.
 * @returns shape (horizon,), in y's unit; null below three points.
 * @see Assimakopoulos & Nikolopoulos (2000), The theta model; Hyndman & Billah (2003), Unmasking the theta method.
 */
export function thetaForecast(y: Float64Array, horizon: number): Float64Array | null {
  const n = y.length;
  if (n < 3) return null;
  const drift = slopeOf(y) / 2;
  const alpha = bestAlpha(y);
  const { level } = smooth(y, alpha);
  const settled = (1 - (1 - alpha) ** n) / alpha;
  return Float64Array.from({ length: horizon }, (_, step) => level + drift * (step + settled));
}

/** Of the straight line through the points, by least squares. */
function slopeOf(y: Float64Array): number {
  const middle = (y.length - 1) / 2;
  let [top, bottom] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    top += (i - middle) * y[i]!;
    bottom += (i - middle) ** 2;
  }
  return top / bottom;
}

/** The last level of simple exponential smoothing from the first point on, and its squared errors one step ahead. */
function smooth(y: Float64Array, alpha: number): { level: number; squares: number } {
  let [level, squares] = [y[0]!, 0];
  for (let i = 1; i < y.length; i++) {
    const error = y[i]! - level;
    squares += error * error;
    level += alpha * error;
  }
  return { level, squares };
}

function bestAlpha(y: Float64Array): number {
  const { from, to } = goldenSection((alpha) => smooth(y, alpha).squares, SEARCH);
  return (from + to) / 2;
}
