/** A budget counts the episodes of so long. */
export const BUDGET_WINDOW_MS = 86_400_000;
/** Below this share of the budget everything is told. */
const FREE_SHARE = 0.5;

/** An episode that people may be told of now. */
export interface EpisodeAtHand<Key> {
  readonly key: Key;
  /** How rare it is, in days per false alarm. */
  readonly days: number;
}

/**
 * Which of the episodes at hand people are told of, the rarest first: all of them while less than half of the budget is used; then only what is
 * not more common than the median of what was told, so that of what is as rare as can be told apart none is passed over; never more than the budget. What the rest of the day brings is not asked.
 *
 * @param told - Days per false alarm of what was told in the 24 hours up to now, ascending; at least `budget` of them where there were so many.
 * @param budget - Episodes in 24 hours, >= 1.
 * @returns Those that are told, the rarest first.
 */
export function withinBudget<Key>(
  told: readonly number[],
  budget: number,
  episodes: readonly EpisodeAtHand<Key>[],
): readonly EpisodeAtHand<Key>[] {
  const known = [...told];
  const telling: EpisodeAtHand<Key>[] = [];
  for (const episode of episodes.toSorted((a, b) => b.days - a.days)) {
    const n = known.length;
    // What is not told now would not be told behind a rarer one either.
    if (n >= budget || (n >= FREE_SHARE * budget && episode.days < medianOf(known))) break;
    telling.push(episode);
    known.splice(placeOf(known, episode.days), 0, episode.days);
  }
  return telling;
}

const medianOf = (ascending: readonly number[]): number =>
  (ascending[(ascending.length - 1) >> 1]! + ascending[ascending.length >> 1]!) / 2;

/** Where a value goes among ascending ones. */
function placeOf(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
