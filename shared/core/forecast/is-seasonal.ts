import { movingAverage } from "./decomposition.ts";

/** One-sided 97.5% point of the normal distribution. */
const CONFIDENCE = 1.96;
/** Weaker cycles are not worth forecasting by. */
const WEAKEST = 0.2;
/** Less is the rounding of a constant. */
const LEAST_VARIANCE = 1e-20;

/**
 * Whether the autocorrelation at one season's lag is too large to be chance.
 *
 * Bartlett's sum runs to the first autocorrelation that is not positive: the memory of the noise, without the cycle that is being tested.
 * The trend is the moving average over a season, or a straight line when there are fewer than three cycles.
 * @param y - Points, oldest first, of order 1, shape (n,), n >= 2 m. No NaN.
 * @see Bartlett (1946); Box & Jenkins, Time Series Analysis, section 2.1.6; the seasonality test of the M4 competition's benchmarks.
 */
export function isSeasonal(y: Float64Array, m: number): boolean {
  const x = besideTrend(y, m);
  const n = x.length;
  const variance = autocovariance(x, 0);
  if (!(variance > LEAST_VARIANCE)) return false;

  let memory = 0;
  for (let lag = 1; lag < m; lag++) {
    const r = autocovariance(x, lag) / variance;
    if (r <= 0) break;
    memory += r * r;
  }
  const r = (autocovariance(x, m) / variance) * (n / (n - m));
  return r > Math.max(WEAKEST, CONFIDENCE * Math.sqrt((1 + 2 * memory) / n));
}

/** Autocorrelation at one season's lag, beside the trend; 0 of a constant. */
export function correlationAt(y: Float64Array, m: number): number {
  const x = besideTrend(y, m);
  const variance = autocovariance(x, 0);
  return variance > LEAST_VARIANCE ? (autocovariance(x, m) / variance) * (x.length / (x.length - m)) : 0;
}

const besideTrend = (y: Float64Array, m: number): Float64Array => (y.length >= 3 * m ? besideMovingAverage(y, m) : besideLine(y));

/** Mean product of points `lag` apart, with divisor n. */
function autocovariance(x: Float64Array, lag: number): number {
  let sum = 0;
  for (let t = lag; t < x.length; t++) sum += x[t]! * x[t - lag]!;
  return sum / x.length;
}

function besideMovingAverage(y: Float64Array, m: number): Float64Array {
  const half = m >> 1;
  const trend = movingAverage(y, m);
  const x = y.slice(half, y.length - half);
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    x[i]! -= trend[i + half]!;
    sum += x[i]!;
  }
  const mean = sum / x.length;
  for (let i = 0; i < x.length; i++) x[i]! -= mean;
  return x;
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
