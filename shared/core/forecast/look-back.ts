const HOUR = 3_600_000;
const WEEK = 168 * HOUR;

/** Points that models are fitted to: the newest. */
export const NEWEST_POINTS = 4_096;
/** A cycle shows in two of it and a few points more. */
const TWO_WEEKS = { cycles: 2, sparePoints: 10 };
/** How far back a series goes that is too fine for its week to show in the newest points. */
const WEEKS = 4;
/** And no more points of it than this. */
export const MOST_POINTS = 100_000;

/** Whether two weeks of a series are more than its newest points. */
export const isTooFineForAWeek = (frequencyMs: number): boolean =>
  TWO_WEEKS.cycles * Math.round(WEEK / frequencyMs) + TWO_WEEKS.sparePoints > NEWEST_POINTS;

/**
 * How many points of history count: the newest 4,096, and four weeks where those are too few for a week to show.
 * @param frequencyMs - Time between them.
 */
export function pointsThatCount(frequencyMs: number): number {
  return isTooFineForAWeek(frequencyMs)
    ? Math.max(NEWEST_POINTS, Math.min(MOST_POINTS, Math.ceil((WEEKS * WEEK) / frequencyMs)))
    : NEWEST_POINTS;
}
