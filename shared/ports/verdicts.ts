import type { Actor } from "../contract/actor.ts";
import type { SeriesId } from "../contract/ids.ts";
import type { SaidVerdict } from "../core/detect/verdicts.ts";

// Times are Unix ms.

/** What somebody said of a stretch of a series. */
export interface StoredVerdict extends SaidVerdict {
  readonly series: SeriesId;
  readonly note: string | null;
  readonly by: Actor;
  /** When it cleared the stretch's anomalies; null where it did not. */
  readonly clearedAt: number | null;
}

/** A write upon what was read of a series: its detector's version then. */
export interface UponVersion {
  readonly version: number;
  readonly at: number;
}

/** Of a series so many verdicts count, those of its newest stretches. */
export const VERDICTS_A_SERIES = 200;

/** What people said of stretches of an organisation's series. No two of a series overlap. */
export interface VerdictsStore {
  /** What was said of the stretch that a time lies in. */
  at(series: SeriesId, timestamp: number): Promise<StoredVerdict | null>;
  /** Of each series the newest VERDICTS_A_SERIES, by stretch; series without any are missing. */
  ofSeries(series: readonly SeriesId[]): Promise<ReadonlyMap<SeriesId, readonly SaidVerdict[]>>;
  /**
   * Keeps a verdict in place of all that it overlaps, which are undone, and has the series learned anew. Where it clears the stretch's
   * open anomalies, with `anomaly.cleared`. False when the series' detector has moved meanwhile: nothing is written then.
   */
  save(verdict: StoredVerdict, upon: UponVersion): Promise<boolean>;
  /** Undoes a verdict, and what it cleared, and has the series learned anew. False as `save`. */
  remove(series: SeriesId, from: number, upon: UponVersion): Promise<boolean>;
}
