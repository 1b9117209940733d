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
