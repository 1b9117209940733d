import { candidateSeasons, canShow } from "./frequency.ts";
import { isSeasonal } from "./is-seasonal.ts";
import { oddSeason, withinSeason } from "./odd-season.ts";

const HOUR = 3_600_000;

export interface Seasons {
  /** Points per cycle of what the calendar gives a series of this frequency, ascending, where the history has two cycles of it. */
  readonly calendar: readonly number[];
  /** Those of all candidates that show, and at most one that no calendar gives, ascending. */
  readonly found: readonly number[];
  /** The seasons that the series has: as found, without those that consist of a shorter one, ascending. */
  readonly distinct: readonly number[];
}

/**
 * Which seasons a series has by the calendar, and which show in it: those of the calendar, and the strongest other one.
 *
 * An hour within a day only counts where it shows: few things that people measure beat by the hour.
 * @param y - Points, oldest first, equally spaced, of order 1, shape (n,). No NaN.
 */
export function seasonsOf(y: Float64Array, frequencyMs: number): Seasons {
  const possible = candidateSeasons(frequencyMs).filter((m) => canShow(y.length, m));
  const showing = possible.filter((m) => isSeasonal(y, m));
  const calendar = possible.filter((m) => showing.includes(m) || m * frequencyMs !== HOUR);
  const odd = oddSeason(y, { calendar: possible, found: showing });
  const others = odd === null ? [] : [odd];
  const within = showing.map((m) => withinSeason(y, m));
  // A week that is the same every day stays: it may yet turn out to be none, and the backtest weighs it.
  const found = showing.map((m, place) => (possible.includes(within[place]!) ? m : within[place]!));
  return { calendar, found: ascending([...found, ...others]), distinct: ascending([...within, ...others]) };
}

/** The season that counts where one must do, 1 for none: the calendar's first that shows before any other. */
export const mainSeason = ({ calendar, found }: Pick<Seasons, "calendar" | "found">): number =>
  found.find((m) => calendar.includes(m)) ?? found[0] ?? 1;

const ascending = (lengths: readonly number[]): number[] => [...new Set(lengths)].toSorted((a, b) => a - b);
