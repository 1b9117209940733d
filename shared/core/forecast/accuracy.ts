import { finite, powerOfTwoBelow } from "./scaling.ts";

/** How far forecasts were from actuals. */
export interface Accuracy {
  /** Mean absolute error, in the series' unit. */
  readonly mae: number;
  /** Root mean squared error, in the series' unit. */
  readonly rmse: number;
  /** Mean absolute error in percent of the actuals; null when one of them is zero or too near it for a finite answer. */
  readonly mape: number | null;
  /** Mean of 200 |y - f| / (|y| + |f|), 0..200; a pair of zeros counts as 0. */
  readonly smape: number;
  /** Mean absolute error over the in-sample error of seasonal naive; null when that is zero. */
  readonly mase: number | null;
}

/**
 * Measures forecasts against actuals.
 *
 * @param actual - Shape (k,); pairs whose actual is NaN are left out; at least one is not.
 * @param forecast - Finite, shape (k,).
 * @param options.naiveScale - In-sample mean absolute error of seasonal naive, from `seasonalNaiveScale`.
 * @returns finite numbers for any finite input.
 * @see Hyndman & Koehler (2006), Another look at measures of forecast accuracy; sMAPE as in the M4 competition.
 */
export function accuracyOf(actual: Float64Array, forecast: Float64Array, { naiveScale }: { readonly naiveScale: number }): Accuracy {
  const size = sizeOf(actual, forecast);
  let count = 0;
  let absolute = 0;
  let squared = 0;
  let percentage = 0;
  let symmetric = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i]!)) continue;
    const y = actual[i]! / size;
    const f = forecast[i]! / size;
    const error = Math.abs(y - f);
    count += 1;
    absolute += error;
    squared += error * error;
    percentage += error === 0 && actual[i] !== 0 ? 0 : error / Math.abs(y);
    symmetric += error === 0 ? 0 : error / (Math.abs(y) + Math.abs(f));
  }
  const mae = finite((absolute / count) * size);
  return {
    mae,
    rmse: finite(Math.sqrt(squared / count) * size),
    mape: orNull((100 * percentage) / count),
    smape: (200 * symmetric) / count,
    mase: naiveScale > 0 ? orNull(mae / naiveScale) : null,
  };
}

/**
 * In-sample mean absolute error of seasonal naive: the divisor of MASE.
 *
 * @param y - Points, oldest first, NaN for gaps, shape (n,).
 * @param seasonLength - Points per cycle, >= 1.
 * @returns in y's unit; 0 when no two observed points are a season apart.
 */
export function seasonalNaiveScale(y: Float64Array, seasonLength: number): number {
  const size = sizeOf(y, y);
  let count = 0;
  let sum = 0;
  for (let t = seasonLength; t < y.length; t++) {
    const difference = Math.abs(y[t]! / size - y[t - seasonLength]! / size);
    if (Number.isNaN(difference)) continue;
    count += 1;
    sum += difference;
  }
  return count === 0 ? 0 : finite((sum / count) * size);
}

/**
 * Share by which a forecast's mean absolute error is smaller than that of a baseline: 0 is no better, 1 is perfect, negative is worse.
 * @returns null when the baseline is perfect.
 */
export function skillAgainst(baselineMae: number, mae: number): number | null {
  return baselineMae > 0 ? orNull(1 - mae / baselineMae) : null;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A power of two that brings the values near 1, so that neither their differences nor their squares overflow or vanish. */
function sizeOf(...columns: readonly Float64Array[]): number {
  let largest = 0;
  for (const column of columns) for (const value of column) if (Math.abs(value) > largest) largest = Math.abs(value);
  return powerOfTwoBelow(largest);
}
