import { movingAverage } from "./decomposition.ts";
import { candidateSeasons } from "./frequency.ts";

/** One-sided 97.5% point of the normal distribution. */
const CONFIDENCE = 1.96;
/** Weaker cycles are not worth forecasting by. */
const WEAKEST = 0.2;
const HOUR = 3_600_000;

/** Points beyond two cycles, so that there is something to tell them apart by. */
const SPARE_POINTS = 10;

export interface Seasons {
  /** Points per cycle of what the calendar gives a series of this frequency, ascending, where the history has two cycles of it. */
  readonly calendar: readonly number[];
  /** Those of all candidates that show: the one that is worth most first would be, so ascending. */
  readonly found: readonly number[];
}

/**
 * Which seasons a series has by the calendar, and which of those show in it.
 *
 * An hour within a day only counts where it shows: few things that people measure beat by the hour.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 */
export function seasonsOf(y: Float64Array, frequencyMs: number): Seasons {
  const possible = candidateSeasons(frequencyMs).filter((m) => y.length >= 2 * m + SPARE_POINTS);
  const found = possible.filter((m) => isSeasonal(y, m));
  const calendar = possible.filter((m) => found.includes(m) || m * frequencyMs !== HOUR);
  return { calendar, found };
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
