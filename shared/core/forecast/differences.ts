/** Each point less the one a lag before it, shape (n - lag,). */
export function differenced(y: Float64Array, lag: number): Float64Array {
  return y.subarray(lag).map((value, t) => value - y[t]!);
}

/** Whether all values are the same: nothing differs. */
export const isConstant = (y: Float64Array): boolean => y.every((value) => value === y[0]);
