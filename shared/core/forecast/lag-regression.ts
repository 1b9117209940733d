import { solvePositiveDefinite } from "./cholesky.ts";

/** Share of a lag's variance that its coefficient is shrunk by: just enough that like lags share what they say. */
const RIDGE = 1e-3;
/** A forecast leaves the range of the history by at most this share of it. */
const BEYOND = 0.5;
/** More equations than unknowns, so that they say something. */
const LEAST_SPARE = 10;

/**
 * Which lags a series is regressed on: the last few, and those around each season, its half, its double, and its multiples up to the next season.
 *
 * @param n - Points of history: lags of over 45% of it leave too few equations.
 * @param seasonLengths - Points per cycle, ascending, >= 2; none for a series without a season.
 * @returns ascending, each once.
 */
export function lagsFor(n: number, seasonLengths: readonly number[]): number[] {
  const lags = new Set(range(1, seasonLengths.length > 0 ? 6 : 8));
  for (const [place, m] of seasonLengths.entries()) {
    for (const lag of [...range(m - 2, m + 2), m >> 1, ...range(2 * m - 1, 2 * m + 1)]) lags.add(lag);
    const next = seasonLengths[place + 1];
    if (next !== undefined) for (let lag = 3 * m; lag < next - 2; lag += m) lags.add(lag);
  }
  const [only] = seasonLengths;
  if (seasonLengths.length === 1 && only! < 30) for (const cycles of range(3, 6)) lags.add(cycles * only!);
  return [...lags].filter((lag) => lag > 0 && lag <= 0.45 * n).toSorted((a, b) => a - b);
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/**
 * Forecasts a series by a ridge regression of each point on earlier ones, step after step.
 *
 * @param y - Points, oldest first, equally spaced, shape (n,). Finite, of order 1.
 * @param lags - How far back the regressors lie, ascending, >= 1.
 * @returns shape (horizon,), within half the range of the history beyond it; null where the history is too short for the lags.
 * @see Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, section 3.4.1; Hyndman & Athanasopoulos, FPP3, section 12.4 (recursive forecasts).
 */
export function lagRegression(y: Float64Array, horizon: number, lags: readonly number[]): Float64Array | null {
  const n = y.length;
  const longest = lags.at(-1) ?? 0;
  const d = lags.length + 1;
  if (lags.length === 0 || n - longest < d + LEAST_SPARE) return null;

  const mean = sumOf(y, 0, n) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += (y[i]! - mean) * (y[i]! - mean);
  const scale = Math.sqrt(variance / n) || 1;
  const z = new Float64Array(n + horizon);
  for (let i = 0; i < n; i++) z[i] = (y[i]! - mean) / scale;

  const coefficients = regress(z, n, lags);
  if (coefficients === null) return null;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    if (z[i]! < low) low = z[i]!;
    if (z[i]! > high) high = z[i]!;
  }
  const room = BEYOND * (high - low);
  for (let t = n; t < n + horizon; t++) {
    let value = coefficients[0]!;
    for (let j = 1; j < d; j++) value += coefficients[j]! * z[t - lags[j - 1]!]!;
    z[t] = Math.min(high + room, Math.max(low - room, value));
  }
  return z.subarray(n).map((value) => mean + scale * value);
}

/** The intercept and a coefficient a lag; null where the equations cannot be solved. */
function regress(z: Float64Array, n: number, lags: readonly number[]): Float64Array | null {
  const d = lags.length + 1;
  const rows = n - lags.at(-1)!;
  const productOf = laggedProducts(z, n, rows);
  const products = new Float64Array(d * d);
  const right = new Float64Array(d);
  products[0] = rows;
  right[0] = sumOf(z, n - rows, n);
  for (let i = 1; i < d; i++) {
    const lag = lags[i - 1]!;
    products[i * d] = sumOf(z, n - rows - lag, n - lag);
    for (let j = 1; j <= i; j++) products[i * d + j] = productOf(lag, lags[j - 1]!);
    products[i * d + i]! += RIDGE * rows;
    right[i] = productOf(lag, 0);
  }
  return solvePositiveDefinite(products, right) ? right : null;
}

function sumOf(z: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let t = start; t < end; t++) sum += z[t]!;
  return sum;
}

/**
 * Sums over the last rows of products of two lags, asked for in ascending order of the longer one. Two lags as far apart as two before
 * have the same products, a few rows further back: only those at the ends are worked out.
 */
function laggedProducts(z: Float64Array, n: number, rows: number): (longer: number, shorter: number) => number {
  // By how far apart they are: the longer lag of the last pair, and its sum.
  const lasts = new Int32Array(n);
  const sums = new Float64Array(n);
  const sumFrom = (start: number, end: number, apart: number): number => {
    // Two sums need not wait for each other.
    let even = 0;
    let odd = 0;
    let t = start;
    for (; t + 1 < end; t += 2) {
      even += z[t]! * z[t + apart]!;
      odd += z[t + 1]! * z[t + 1 + apart]!;
    }
    if (t < end) even += z[t]! * z[t + apart]!;
    return even + odd;
  };
  return (longer, shorter) => {
    const apart = longer - shorter;
    const [start, end] = [n - rows - longer, n - longer];
    const back = lasts[apart] === 0 ? Infinity : lasts[apart]! - longer;
    const sum =
      2 * Math.abs(back) < rows
        ? sums[apart]! + sumFrom(start, start - back, apart) - sumFrom(end, end - back, apart)
        : sumFrom(start, end, apart);
    lasts[apart] = longer;
    sums[apart] = sum;
    return sum;
  };
}
