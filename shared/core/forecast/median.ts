/**
 * The median.
 * @param values - At least one, shape (n,); they end up sorted.
 */
export function medianOf(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}
