import type { Result } from "../result.ts";

/** Expected values, shape (horizon,), in the unit of the series. */
export interface PointForecast {
  readonly mean: Float64Array;
}

/** The series has fewer points than the method needs. */
export interface TooShort {
  readonly reason: "too-short";
  readonly needed: number;
  readonly got: number;
}

export interface SeasonalNaiveOptions {
  readonly seasonLength: number;
  readonly horizon: number;
}

/**
 * Seasonal naive forecast: each step repeats the value one season earlier.
 *
 * @param y - Points, oldest first, equally spaced, shape (n,). No NaN.
 * @param options.seasonLength - Points per cycle, >= 1. 1 is the naive method.
 * @param options.horizon - Steps ahead, >= 1.
 * @returns mean, shape (horizon,), in y's unit; or `too-short` when n < seasonLength. Never throws on data.
 * @see Hyndman & Athanasopoulos, FPP3, section 5.2.
 */
export function seasonalNaive(y: Float64Array, { seasonLength, horizon }: SeasonalNaiveOptions): Result<PointForecast, TooShort> {
  const n = y.length;
  if (n < seasonLength) return { ok: false, error: { reason: "too-short", needed: seasonLength, got: n } };

  const lastSeason = y.subarray(n - seasonLength);
  const mean = Float64Array.from({ length: horizon }, (_, step) => lastSeason[step % seasonLength]!);
  return { ok: true, value: { mean } };
}
