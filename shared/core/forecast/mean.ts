import type { Result } from "../result.ts";
import type { PointForecast, TooShort } from "./naive.ts";

/**
 * Mean forecast: every step is the average of the history; a fair bet when a handful of points show no order.
 *
 * @param y - Points, oldest first, shape (n,). No NaN.
 * @param options.horizon - Steps ahead, >= 1.
 * @returns mean, shape (horizon,), in y's unit; or `too-short` when n is 0.
 * @see Hyndman & Athanasopoulos, FPP3, section 5.2.
 */
export function meanForecast(y: Float64Array, { horizon }: { readonly horizon: number }): Result<PointForecast, TooShort> {
  if (y.length === 0) return { ok: false, error: { reason: "too-short", needed: 1, got: 0 } };
  return { ok: true, value: { mean: new Float64Array(horizon).fill(runningMean(y)) } };
}

/**
 * Average by increments, so that equal values average to exactly themselves.
 * @param y - Values, shape (n,), n >= 1, whose differences do not overflow.
 */
export function runningMean(y: Float64Array): number {
  let mean = y[0]!;
  for (let i = 1; i < y.length; i++) mean += (y[i]! - mean) / (i + 1);
  return mean;
}
