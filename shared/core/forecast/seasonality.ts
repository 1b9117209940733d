import { movingAverage } from "./decomposition.ts";

/** One-sided 97.5% point of the normal distribution. */
const CONFIDENCE = 1.96;
/** Weaker cycles are not worth forecasting by. */
const WEAKEST = 0.2;
/** A longer season must make the seasonal naive errors smaller by this share to be worth its extra parameters. */
const WORTHWHILE = 0.05;

/**
 * Picks the season length of a series among candidates, or finds that it has none.
 *
 * A candidate is accepted when the series has two cycles of it and its autocorrelation at that lag, after the trend is removed, is
 * significant by Bartlett's formula. Among the accepted the one with the smallest seasonal naive errors wins, a longer one only by 5%.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 * @param candidates - Points per cycle, ascending, each >= 2.
 * @returns the season length, or 1.
 */
export function detectSeason(y: Float64Array, candidates: readonly number[]): number {
  const accepted = candidates.filter((m) => y.length >= 2 * m && isSeasonal(y, m));
  const longest = accepted.at(-1);
  if (longest === undefined) return 1;

  const errorOf = (m: number): number => {
    let sum = 0;
    for (let t = longest; t < y.length; t++) sum += Math.abs(y[t]! - y[t - m]!);
    return sum;
  };
  return accepted.reduce((best, m) => (errorOf(m) < (1 - WORTHWHILE) * errorOf(best) ? m : best));
}

/**
 * Whether the autocorrelation at one season's lag is too large to be chance.
 *
 * Bartlett's sum runs to the first autocorrelation that is not positive: the memory of the noise, without the cycle that is being tested.
 * The trend is the moving average over a season, or a straight line when there are fewer than three cycles.
 * @param y - Points, oldest first, of order 1, shape (n,), n >= 2 m. No NaN.
 * @see Bartlett (1946); Box & Jenkins, Time Series Analysis, section 2.1.6; the seasonality test of the M4 competition's benchmarks.
 */
export function isSeasonal(y: Float64Array, m: number): boolean {
  const x = y.length >= 3 * m ? besideMovingAverage(y, m) : besideLine(y);
  const n = x.length;
  const variance = autocovariance(x, 0);
  if (!(variance > 1e-20)) return false;

  let memory = 0;
  for (let lag = 1; lag < m; lag++) {
    const r = autocovariance(x, lag) / variance;
    if (r <= 0) break;
    memory += r * r;
  }
  const r = (autocovariance(x, m) / variance) * (n / (n - m));
  return r > Math.max(WEAKEST, CONFIDENCE * Math.sqrt((1 + 2 * memory) / n));
}

/** Mean product of points `lag` apart, with divisor n. */
function autocovariance(x: Float64Array, lag: number): number {
  let sum = 0;
  for (let t = lag; t < x.length; t++) sum += x[t]! * x[t - lag]!;
  return sum / x.length;
}

function besideMovingAverage(y: Float64Array, m: number): Float64Array {
  const trend = movingAverage(y, m);
  const x = y.map((value, i) => value - trend[i]!).filter((value) => !Number.isNaN(value));
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  return x.map((value) => value - mean);
}

function besideLine(y: Float64Array): Float64Array {
  const n = y.length;
  const mean = y.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  let top = 0;
  let bottom = 0;
  for (let i = 0; i < n; i++) {
    top += (i - middle) * (y[i]! - mean);
    bottom += (i - middle) ** 2;
  }
  const slope = bottom > 0 ? top / bottom : 0;
  return y.map((value, i) => value - mean - slope * (i - middle));
}
