import type { ChangeKind } from "../contract/change-event.ts";
import type { ChangeEventId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { Dimensions } from "../contract/series.ts";
import type { ChangeRecord } from "../core/alert/changes.ts";
import type { TimeWindow } from "../core/time-windows.ts";

// Times are Unix ms.

/** Changes that an organisation may have. */
export const MAX_CHANGE_EVENTS = 100_000;
/** Changes of one time that are looked at for those near an alert. */
export const MAX_CHANGES_NEAR = 1_000;

/** What is left out matches everything. */
export interface ChangeFilter {
  readonly kind?: readonly ChangeKind[] | undefined;
  /** When they began, from inclusive, to exclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** What no query can say. */
  readonly matches?: ((dimensions: Dimensions) => boolean) | undefined;
}

/** What was changed in what an organisation watches. */
export interface ChangeEventsStore {
  /** False when the organisation has MAX_CHANGE_EVENTS. */
  insert(change: ChangeRecord): Promise<boolean>;
  get(id: ChangeEventId): Promise<ChangeRecord | null>;
  /** Newest first. Where `matches` is given, a page may hold fewer than its limit although others follow. */
  list(filter: ChangeFilter, page: PageQuery): Promise<Page<ChangeRecord>>;
  /** Those that went on at any time of a window, newest first: at most MAX_CHANGES_NEAR. */
  during(window: TimeWindow): Promise<readonly ChangeRecord[]>;
  /** False when there is no such change. */
  remove(id: ChangeEventId): Promise<boolean>;
}

/** Changes of all organisations. */
export interface ChangesAge {
  /** Forgets those that began before a time: at most `limit`. @returns How many. */
  forget(before: number, limit: number): Promise<number>;
}
