import { innovations } from "./arma-filter.ts";
import type { Arma, Innovations } from "./arma-filter.ts";
import { fromPartial, isStationary, withSeason } from "./arma-polynomial.ts";
import { bfgs } from "./bfgs.ts";
import { differenced } from "./differences.ts";

/** Of ARIMA(p, d, q)(P, D, Q)[m]; seasonal ones are 0 where m is 1. */
export interface ArimaOrder {
  readonly p: number;
  readonly d: number;
  readonly q: number;
  readonly P: number;
  readonly D: number;
  readonly Q: number;
  readonly m: number;
  /** A mean, or a drift where the series is differenced; only of use up to one difference. */
  readonly constant: boolean;
}

/** A fitted model. */
export interface ArimaFit {
  readonly order: ArimaOrder;
  /** What was searched, of no unit: another fit of the same order may start there. */
  readonly parameters: Float64Array;
  readonly arma: Arma;
  /** Of the differenced series. */
  readonly mean: number;
  readonly logLikelihood: number;
  /** Corrected Akaike criterion; comparable between models of the same differences. */
  readonly aicc: number;
  /** Whether the roots of its polynomials are clear of the unit circle, where a model is a difference too many or too few. */
  readonly isSound: boolean;
}

export interface FitOptions {
  /** Where the search begins; nowhere near, by default. */
  readonly start?: Float64Array;
  /** Evaluations of the likelihood, about. */
  readonly maxEvaluations?: number;
}

/** Roots nearer to 1 than this are not trusted. R draws this line for a season's roots step by step, and so loses many a good model. */
const CLEAR = 1.01;
const MAX_EVALUATIONS = 300;
/** In units of log-likelihood. */
const TOLERANCE = 1e-4;
/** Partial autocorrelations stay below 1 by this much. */
const EDGE = 1 - 1e-5;

/** The name in the field's letters, such as `arima(2,1,1)(0,1,1)[12] with drift`. */
export function nameOf({ p, d, q, P, D, Q, m, constant }: ArimaOrder): string {
  const seasonal = P + D + Q > 0 ? `(${P},${D},${Q})[${m}]` : "";
  return `arima(${p},${d},${q})${seasonal}${constant ? (d + D > 0 ? " with drift" : " with mean") : ""}`;
}

/** The series without its differences, shape (n - d - D m,). */
export function withoutDifferences(y: Float64Array, { d, D, m }: Pick<ArimaOrder, "d" | "D" | "m">): Float64Array {
  let w = y;
  for (let i = 0; i < D; i++) w = differenced(w, m);
  for (let i = 0; i < d; i++) w = differenced(w, 1);
  return w;
}

/**
 * Fits a seasonal ARIMA model by exact Gaussian likelihood.
 *
 * The differenced series is an ARMA process; its mean and variance are concentrated out, and the partial autocorrelations of its four
 * polynomials searched by quasi-Newton steps, so that every model met is stationary and invertible.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 * @returns null when too few points are left for the parameters, or nothing but a constant is.
 * @see Box & Jenkins, Time Series Analysis; conventions of R `arima(method = "ML")`, whose likelihood this is but for its diffuse start.
 */
export function fitArima(y: Float64Array, order: ArimaOrder, options: FitOptions = {}): ArimaFit | null {
  const w = withoutDifferences(y, order);
  const n = w.length;
  const count = searchedBy(order) + (order.constant ? 1 : 0) + 1;
  if (n < count + 2) return null;
  const ones = new Float64Array(n).fill(1);
  const costOf = (u: Float64Array): number => solve(w, ones, armaAt(u, order), order.constant)?.cost ?? Infinity;
  const start = options.start ?? new Float64Array(searchedBy(order));
  if (!Number.isFinite(costOf(start))) return null;
  const found = bfgs(costOf, start, { tolerance: TOLERANCE, maxEvaluations: options.maxEvaluations ?? MAX_EVALUATIONS });

  const arma = armaAt(found.x, order);
  const { mean } = solve(w, ones, arma, order.constant)!;
  const logLikelihood = -found.value - (n / 2) * (Math.log(2 * Math.PI) + 1);
  return {
    order,
    parameters: found.x,
    arma,
    mean,
    logLikelihood,
    aicc: -2 * logLikelihood + (2 * count * n) / (n - count - 1),
    isSound: factorsAt(found.x, order).every((factor) => isStationary(factor, CLEAR)),
  };
}

/**
 * Forecasts by a fitted model, exactly as its likelihood would have it.
 * @param y - The series that it was fitted to, or what has become of it since, shape (n,), n > d + D m.
 * @returns shape (horizon,).
 */
export function forecastArima(
  y: Float64Array,
  { arma, mean, order }: Pick<ArimaFit, "arma" | "mean" | "order">,
  horizon: number,
): Float64Array {
  const w = withoutDifferences(y, order);
  const centred = w.map((value) => value - mean);
  const ahead = innovations([centred], arma, horizon)!.expected[0]!.slice(w.length);
  const lags = differencingLags(order);
  const n = y.length;
  const at = (t: number): number => (t < n ? y[t]! : ahead[t - n]!);
  for (let step = 0; step < horizon; step++) {
    ahead[step]! += mean;
    for (const [lag, weight] of lags) ahead[step]! += weight * at(n + step - lag);
  }
  return ahead;
}

const searchedBy = ({ p, q, P, Q }: ArimaOrder): number => p + q + P + Q;

function armaAt(u: Float64Array, order: ArimaOrder): Arma {
  const [phi, theta, seasonalPhi, seasonalTheta] = factorsAt(u, order);
  return { phi: withSeason(phi, seasonalPhi, order.m), theta: withSeason(theta, seasonalTheta, order.m).map((value) => -value) };
}

/** Coefficients of the four polynomials, each 1 less them; a seasonal one's are of whole seasons. */
function factorsAt(u: Float64Array, { p, q, P, Q }: ArimaOrder): [Float64Array, Float64Array, Float64Array, Float64Array] {
  const partial = u.map((value) => EDGE * Math.tanh(value));
  const part = (from: number, length: number): Float64Array => fromPartial(partial.subarray(from, from + length));
  return [part(0, p), part(p, q), part(p + q, P), part(p + q + P, Q)];
}

/** What is left to choose of a model, by least squares, and the part of -log-likelihood that the choice makes. */
function solve(
  w: Float64Array,
  ones: Float64Array,
  arma: Arma,
  constant: boolean,
): { readonly cost: number; readonly mean: number } | null {
  const filtered = innovations(constant ? [w, ones] : [w], arma);
  if (filtered === null) return null;
  const mean = constant ? meanBy(w, filtered) : 0;
  const { expected, variances } = filtered;
  let [squares, logs] = [0, 0];
  for (let t = 0; t < w.length; t++) {
    const error = w[t]! - expected[0]![t]! - (constant ? mean * (1 - expected[1]![t]!) : 0);
    squares += (error * error) / variances[t]!;
    logs += Math.log(variances[t]!);
  }
  const variance = squares / w.length;
  return { cost: (w.length * Math.log(Math.max(variance, Number.MIN_VALUE)) + logs) / 2, mean };
}

function meanBy(w: Float64Array, { expected, variances }: Innovations): number {
  let [top, bottom] = [0, 0];
  for (let t = 0; t < w.length; t++) {
    const one = 1 - expected[1]![t]!;
    top += (one * (w[t]! - expected[0]![t]!)) / variances[t]!;
    bottom += (one * one) / variances[t]!;
  }
  return bottom > 0 ? top / bottom : 0;
}

/** Lags and weights by which a point is made of earlier ones and its own difference. */
function differencingLags({ d, D, m }: ArimaOrder): [lag: number, weight: number][] {
  let polynomial = [1];
  const times = (lag: number): number[] =>
    Array.from({ length: polynomial.length + lag }, (_, i) => (polynomial[i] ?? 0) - (polynomial[i - lag] ?? 0));
  for (let i = 0; i < d; i++) polynomial = times(1);
  for (let i = 0; i < D; i++) polynomial = times(m);
  return polynomial.flatMap((weight, lag): [number, number][] => (lag > 0 && weight !== 0 ? [[lag, -weight]] : []));
}
