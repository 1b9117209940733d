/**
 * The observations of an equally spaced column.
 *
 * @param start - Unix ms of the first row.
 * @param frequency - Ms from one row to the next.
 * @param values - One a row; null is a gap. Shape (n,).
 * @returns the rows that are not gaps, with their times in Unix ms; shape (m,), m <= n.
 */
export function observedRows({ start, frequency, values }: { start: number; frequency: number; values: readonly (number | null)[] }): {
  timestamps: Float64Array;
  values: Float64Array;
} {
  const rows = [...values.keys()].filter((row) => values[row] !== null);
  return {
    timestamps: Float64Array.from(rows, (row) => start + row * frequency),
    values: Float64Array.from(rows, (row) => values[row]!),
  };
}
