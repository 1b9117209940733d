import type { Sight } from "./method.ts";

/** What is accepted is so wide to either side: a share of how far off it is, and what noise makes of it, in mean absolute errors. */
const REACH_SHARE = 0.25;
const REACH_SCALES = 3;
/** And no wider than this share of how far off it is: what lies twice as far stays news. */
const MOST_SHARE = 0.5;

/**
 * The values that are accepted with a point that somebody expected: what the same pattern could as well have had.
 * @returns Both ends; the point itself before there is a forecast.
 */
export function acceptedRange({ value, forecast }: Sight): readonly [lo: number, hi: number] {
  if (forecast === null) return [value, value];
  const off = Math.abs(value - forecast.usual);
  const reach = Math.min(REACH_SHARE * off + REACH_SCALES * Math.max(forecast.scale, forecast.usualScale), MOST_SHARE * off);
  return [value - reach, value + reach];
}
