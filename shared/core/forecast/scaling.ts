/** A series moved and shrunk so that its largest absolute value lies in [1, 2), or is 0 for a constant; and the way back. */
export interface Scaled {
  /** Shape (n,); NaN where y is. */
  readonly z: Float64Array;
  /** One unit of z in y's unit; Infinity when y spans more than a double holds. */
  readonly unit: number;
  /** From y's unit to z's; may be infinite, never NaN for finite input. */
  readonly to: (value: number) => number;
  /** From z's unit to y's; always finite. */
  readonly from: (value: number) => number;
}

/**
 * Centres a series on its newest value and divides it by powers of two, so that sums of squares neither overflow nor vanish.
 *
 * Powers of two divide exactly: scaling y by one, or shifting integers, gives bit for bit the same z.
 * @param y - Finite values or NaN for gaps, shape (n,).
 */
export function scaleSeries(y: Float64Array): Scaled {
  let largest = 0;
  let newest = 0;
  for (const value of y) {
    if (Number.isNaN(value)) continue;
    newest = value;
    largest = Math.max(largest, Math.abs(value));
  }
  const outer = powerOfTwoBelow(largest);
  const centre = newest / outer;

  let spread = 0;
  for (const value of y) if (!Number.isNaN(value)) spread = Math.max(spread, Math.abs(value / outer - centre));
  const inner = powerOfTwoBelow(spread);

  return {
    z: y.map((value) => (value / outer - centre) / inner),
    unit: inner * outer,
    to: (value) => (value / outer - centre) / inner,
    from: (value) => finite((value * inner + centre) * outer),
  };
}

/** The nearest finite double: infinities become the largest double of their sign. */
export function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** The greatest power of two that is <= x, for x > 0; 1 for 0. */
export function powerOfTwoBelow(x: number): number {
  if (x === 0) return 1;
  const power = 2 ** Math.max(-1074, Math.min(1023, Math.floor(Math.log2(x))));
  return power > x ? power / 2 : power;
}
