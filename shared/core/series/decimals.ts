/** Values with few decimals, as whole numbers: each value is exactly `integers[i] / 10 ** decimals`. */
export interface Decimals {
  readonly decimals: number;
  /** Shape (n,), of at most LARGEST each. */
  readonly integers: Float64Array;
}

const MOST_DECIMALS = 9;
/** Differences of such numbers, and twice those, are exact in a double. */
const LARGEST = 2 ** 48;

/**
 * Values as people and exporters write them, in tenths or thousandths, as whole numbers.
 *
 * @param values - Shape (n,).
 * @returns null where one of them has too many decimals or digits, or is -0: a quotient would not give back its bits.
 */
export function asDecimals(values: Float64Array): Decimals | null {
  let [decimals, scale] = [0, 1];
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    while (Math.round(value * scale) / scale !== value) {
      if (decimals === MOST_DECIMALS) return null;
      decimals += 1;
      scale = 10 ** decimals;
    }
    if (value === 0 && Object.is(value, -0)) return null;
  }
  const integers = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const integer = Math.round(values[row]! * scale);
    if (!(Math.abs(integer) <= LARGEST)) return null;
    integers[row] = integer;
  }
  return { decimals, integers };
}
