import { differenced, isConstant } from "./differences.ts";

/** 5% point of the statistic. */
const CRITICAL = 0.463;
/** More differences than these no series that is measured needs. */
const MOST_DIFFERENCES = 2;

/**
 * The KPSS statistic for a level: how far a series wanders off, next to what noise of its memory would.
 *
 * @param y - Points, oldest first, not all the same, shape (n,). No NaN.
 * @see Kwiatkowski et al. (1992), Testing the null hypothesis of stationarity; the memory is 3 sqrt(n) / 13, as in R `forecast::ndiffs`.
 */
export function kpssStatistic(y: Float64Array): number {
  const n = y.length;
  const mean = y.reduce((sum, value) => sum + value, 0) / n;
  const e = y.map((value) => value - mean);
  const memory = Math.trunc((3 * Math.sqrt(n)) / 13);
  const product = (lag: number): number => {
    let sum = 0;
    for (let t = lag; t < n; t++) sum += e[t]! * e[t - lag]!;
    return sum;
  };
  let variance = product(0) / n;
  for (let lag = 1; lag <= memory; lag++) variance += (2 / n) * (1 - lag / (memory + 1)) * product(lag);
  let [walk, squares] = [0, 0];
  for (const value of e) {
    walk += value;
    squares += walk * walk;
  }
  return squares / (n * n * variance);
}

/**
 * How often a series is to be differenced before it stays about a level: 0, 1 or 2.
 * @param y - Points, oldest first, shape (n,). No NaN.
 * @see R `forecast::ndiffs`, test "kpss" at 5%.
 */
export function differencesFor(y: Float64Array): number {
  let rest = y;
  for (let d = 0; d < MOST_DIFFERENCES; d++) {
    if (isConstant(rest) || !(kpssStatistic(rest) > CRITICAL)) return d;
    rest = differenced(rest, 1);
  }
  return MOST_DIFFERENCES;
}
