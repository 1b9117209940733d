import { canShow } from "./frequency.ts";

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;

/** Points that models are fitted to: the newest. */
export const NEWEST_POINTS = 4_096;
/** How far back a series goes that is too fine for its week to show in the newest points. */
const WEEKS = 4;
/** And no more points of it than this. */
export const MOST_POINTS = 100_000;

/** Whether the newest points of a series are too few for its week to show. */
export const isTooFineForAWeek = (frequencyMs: number): boolean => !canShow(NEWEST_POINTS, Math.round(WEEK / frequencyMs));

/**
 * How many points of history count: the newest 4,096, and four weeks where those are too few for a week to show.
 * @param frequencyMs - Time between them.
 */
export function pointsThatCount(frequencyMs: number): number {
  return isTooFineForAWeek(frequencyMs)
    ? Math.max(NEWEST_POINTS, Math.min(MOST_POINTS, Math.ceil((WEEKS * WEEK) / frequencyMs)))
    : NEWEST_POINTS;
}
