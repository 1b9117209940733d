import type { Forecast } from "./forecaster.ts";

/** Beyond so many scales errors are the same. */
const MOST_SCALES = 1_000;

/**
 * An error in scales of what errors usually are, -1,000..1,000. Where there was none so far, any is the most.
 * @param scale - >= 0, in the unit of the error.
 */
export function scaledError(error: number, scale: number): number {
  if (scale > 0) return Math.max(-MOST_SCALES, Math.min(MOST_SCALES, error / scale));
  return error === 0 ? 0 : Math.sign(error) * MOST_SCALES;
}

/** The mean absolute error of a normal distribution in standard deviations, inverted. */
const SCALE_TO_DEVIATION = 1.2533;

/** How far off a point is from what was expected, in the series' unit and in robust scales. */
export interface Judged {
  readonly expected: number;
  readonly off: number;
  /** From what was likely, and from what is usual. */
  readonly offs: readonly [likely: number, usual: number];
  readonly effect: number;
}

/** How far off a point is: of an unusual one from what is usual, where it is farther from that. */
export function judgeError(value: number, { expected, scale, usual, usualScale }: Forecast, isRare: boolean): Judged {
  const [sudden, lasting] = [Math.abs(scaledError(value - expected, scale)), Math.abs(scaledError(value - usual, usualScale))];
  const from = isRare && lasting > sudden ? usual : expected;
  const offs = [value - expected, value - usual] as const;
  return { expected: from, off: value - from, offs, effect: (isRare ? Math.max(sudden, lasting) : sudden) / SCALE_TO_DEVIATION };
}
