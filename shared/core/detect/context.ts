/** The points around one, with their statistics. */
export interface PointContext {
  readonly timestamps: number[];
  readonly values: number[];
  readonly mean: number;
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The k points before and after a row, itself included.
 *
 * @param points - Shape (n,).
 * @param index - The row, 0 <= index < n.
 * @param k - >= 0. Fewer where the points end.
 */
export function contextAround(
  { timestamps, values }: { timestamps: Float64Array; values: Float64Array },
  index: number,
  k: number,
): PointContext {
  const [start, end] = [Math.max(0, index - k), index + k + 1];
  const around = [...values.subarray(start, end)];
  const n = around.length;
  const mean = around.reduce((sum, value) => sum + value / n, 0);
  // In shares of the largest: the square of a large number is none.
  const largest = around.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const variance = largest === 0 ? 0 : around.reduce((sum, value) => sum + (value / largest - mean / largest) ** 2 / n, 0);
  return {
    timestamps: [...timestamps.subarray(start, end)],
    values: around,
    mean,
    standardDeviation: largest * Math.sqrt(variance),
    min: Math.min(...around),
    max: Math.max(...around),
  };
}
