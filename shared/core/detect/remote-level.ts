import { daysAtSensitivity } from "./severity.ts";

const DAY_MS = 86_400_000;
/** No series is asked for a narrower interval, or for a wider one. */
const LEAST_LEVEL = 50;
const MOST_LEVEL = 99.99;

/**
 * The level, in percent, of an interval that a point leaves as often by itself as a sensitivity allows: 100 - 100 / (points a day x days a false alarm),
 * in hundredths, 50 to 99.99. Of points an hour apart 99.58 at 0.5.
 *
 * @param sensitivity - 0..1.
 * @param frequencyMs - Between two points.
 */
export function levelAt(sensitivity: number, frequencyMs: number): number {
  const points = (DAY_MS / frequencyMs) * daysAtSensitivity(sensitivity);
  return Math.min(MOST_LEVEL, Math.max(LEAST_LEVEL, Math.round(10_000 - 10_000 / points) / 100));
}

/**
 * The row from which on points are equally spaced up to the newest: none is missing, twice, or out of order. Those of scrapers come a little early or late.
 *
 * @param timestamps - Unix ms, shape (n,), n >= 1.
 * @param frequencyMs - Between two points.
 */
export function regularFrom(timestamps: Float64Array, frequencyMs: number): number {
  let from = timestamps.length - 1;
  while (from > 0 && Math.round((timestamps[from]! - timestamps[from - 1]!) / frequencyMs) === 1) from -= 1;
  return from;
}
