import type { Learned } from "./learned.ts";

/** What of a series came too late to be learned. */
export interface Unlearned {
  /** Points, since the series was learned anew. */
  readonly unlearned: number;
  /** When it was last asked to be, Unix ms; null when it never was. */
  readonly relearnAskedAt: number | null;
}

/** A series is learned anew from so many of its newest points. */
export const POINTS_RELEARNED = 20_000;
/** Fewer points than these, or this share of what is known, are no reason to learn a series anew. */
const LEAST_UNLEARNED = 100;
const LEAST_SHARE = 0.1;
/** A series is asked to be learned anew once in so long at most. */
const PAUSE_MS = 60_000;
/** So long after it was asked for, history is still taken to be coming in. */
const BRINGING_IN_MS = 3_600_000;

/** How many of some late points would be learned if the series were learned anew: older ones would not. */
export function countUnlearned(late: readonly number[], { newest, cadence }: { newest: number; cadence: number | null }): number {
  const earliest = newest - POINTS_RELEARNED * (cadence ?? Infinity);
  return late.filter((timestamp) => timestamp >= earliest).length;
}

/** Whether a series is to be learned anew for what came too late, now. */
export function isToBeRelearned({ unlearned, relearnAskedAt }: Unlearned, { n }: Pick<Learned, "n">, now: number): boolean {
  if (unlearned < LEAST_UNLEARNED || unlearned <= LEAST_SHARE * Math.min(n, POINTS_RELEARNED)) return false;
  return relearnAskedAt === null || now - relearnAskedAt >= PAUSE_MS;
}

/** Whether history is being brought in: what is known of the series says nothing of it. */
export const isBroughtIn = ({ unlearned, relearnAskedAt }: Unlearned, now: number): boolean =>
  unlearned >= LEAST_UNLEARNED || (relearnAskedAt !== null && now - relearnAskedAt < BRINGING_IN_MS);

/** When what is known of a series begins, Unix ms: of gaps longer than a day, which are not counted whole, at the latest. */
export const learnedFrom = ({ learnedTo, observedMs }: Pick<Learned, "learnedTo" | "observedMs">): number => learnedTo - observedMs;
