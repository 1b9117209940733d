import { fitLoess, fitTrusted, smoothByLoess } from "./loess.ts";
import type { Loess } from "./loess.ts";
import { medianOf } from "./median.ts";

export interface StlOptions {
  /** Points per cycle, >= 2. */
  readonly seasonLength: number;
  /** Cycles that a seasonal effect is smoothed over, odd and >= 7; or it is the same in every cycle. */
  readonly seasonalWindow: number | "periodic";
  /** How often season and trend are fitted, each beside the other, 2; once leaves a little of the trend's bends in the season. */
  readonly passes?: number;
  /** Whether points count the less the further they lie from season and trend, so that outliers move neither. No, by default. */
  readonly robust?: boolean;
}

/** Parts of a series that add up to it together with what is left, shape (n,) each. */
export interface Decomposition {
  readonly seasonal: Float64Array;
  readonly trend: Float64Array;
}

const PASSES = 2;
/** How often each point's trust is told anew from what is left of it; season and trend are fitted once before, and after each. */
const ROBUST_PASSES = 15;
/** What is so many times the median of what is left has no trust. */
const FAR = 6;

/**
 * Seasonal-trend decomposition by local regression.
 *
 * @param y - Points, oldest first, equally spaced, shape (n,), n >= 2 cycles. No NaN.
 * @see Cleveland, Cleveland, McRae & Terpenning (1990), STL; the defaults are those of R `stl`.
 */
export function stl(y: Float64Array, { seasonLength: m, seasonalWindow, passes = PASSES, robust = false }: StlOptions): Decomposition {
  const n = y.length;
  const periodic = seasonalWindow === "periodic";
  const window = periodic ? 10 * n + 1 : seasonalWindow;
  const ofSeason: Loess = { span: oddFrom(window), degree: 0 };
  const ofTrend: Loess = { span: oddFrom(Math.ceil((1.5 * m) / (1 - 1.5 / window))), degree: 1 };
  const ofLowPass: Loess = { span: oddFrom(m), degree: 1 };

  const seasonal = new Float64Array(n);
  const trend = new Float64Array(n);
  const rest = new Float64Array(n);
  const cycles = Math.ceil(n / m) + 2;
  // One phase of the season and its smoothing; then all phases, a cycle longer on either side.
  const [phase, smoothed, extended] = [new Float64Array(cycles), new Float64Array(cycles), new Float64Array(n + 2 * m)];
  const [work, lowPass] = [new Float64Array(n + 2 * m), new Float64Array(n + 2 * m)];
  const phaseTrust = robust ? new Float64Array(cycles) : null;
  let trust: Float64Array | null = null;

  for (let pass = 0; pass < (robust ? 1 + ROBUST_PASSES : passes); pass++) {
    if (robust && pass > 0) trust = trustIn(y.map((value, i) => Math.abs(value - trend[i]! - seasonal[i]!)));
    for (let i = 0; i < n; i++) rest[i] = y[i]! - trend[i]!;
    for (let j = 0; j < m; j++) smoothPhase(j);
    averageThrice(extended, n, m, work, lowPass);
    smoothByLoess(lowPass, n, ofLowPass, work);
    for (let i = 0; i < n; i++) {
      seasonal[i] = extended[m + i]! - work[i]!;
      rest[i] = y[i]! - seasonal[i]!;
    }
    smoothByLoess(rest, n, ofTrend, trend, trust);
  }
  return { seasonal: periodic ? byPhase(seasonal, m) : seasonal, trend };

  function smoothPhase(j: number): void {
    const count = Math.floor((n - j - 1) / m) + 1;
    const { span } = ofSeason;
    const own = trust === null ? null : phaseTrust;
    const fitAt = (x: number, left: number, right: number): number =>
      own === null ? fitLoess(phase, count, x, ofSeason, left, right) : fitTrusted(phase, count, x, ofSeason, left, right, own);
    for (let cycle = 0; cycle < count; cycle++) phase[cycle] = rest[cycle * m + j]!;
    if (own !== null) for (let cycle = 0; cycle < count; cycle++) own[cycle] = trust![cycle * m + j]!;
    smoothByLoess(phase, count, ofSeason, smoothed, own);
    for (let cycle = 0; cycle < count; cycle++) extended[(cycle + 1) * m + j] = smoothed[cycle]!;
    extended[j] = fitAt(-1, 0, Math.min(span, count) - 1);
    extended[(count + 1) * m + j] = fitAt(count, Math.max(0, count - span), count - 1);
  }
}

/** Bisquare weights of distances: 1 at none, 0 from six times their median on. */
function trustIn(distances: Float64Array): Float64Array {
  const reach = FAR * medianOf(distances.slice());
  return distances.map((distance) => {
    if (distance <= 0.001 * reach) return 1;
    return distance <= 0.999 * reach ? (1 - (distance / reach) ** 2) ** 2 : 0;
  });
}

/** Each phase's mean. */
function byPhase(seasonal: Float64Array, m: number): Float64Array {
  const [sums, counts] = [new Float64Array(m), new Float64Array(m)];
  for (const [i, value] of seasonal.entries()) {
    sums[i % m]! += value;
    counts[i % m]! += 1;
  }
  return seasonal.map((_, i) => sums[i % m]! / counts[i % m]!);
}

/** The least odd number from a whole number on. */
const oddFrom = (whole: number): number => (whole % 2 === 1 ? whole : whole + 1);

/** Moving averages over a season, a season, and three points: of n + 2 m points, n are left. */
function averageThrice(points: Float64Array, n: number, m: number, work: Float64Array, averages: Float64Array): void {
  movingAverages(points, n + 2 * m, m, averages);
  movingAverages(averages, n + m + 1, m, work);
  movingAverages(work, n + 2, 3, averages);
}

/** Means of each `length` points of n in a row. */
function movingAverages(points: Float64Array, n: number, length: number, averages: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += points[i]!;
  averages[0] = sum / length;
  for (let i = length; i < n; i++) {
    sum += points[i]! - points[i - length]!;
    averages[i - length + 1] = sum / length;
  }
}
