import type { Actor } from "../../contract/actor.ts";
import type { ChangeKind, NearbyChange } from "../../contract/change-event.ts";
import type { ChangeEventId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import { isoTime, isoTimeOrNull } from "../../contract/time.ts";
import type { TimeWindow } from "../time-windows.ts";
import type { AlertRecord } from "./alert-record.ts";

/** A change as it is stored. Unix ms; `endAt` is null where it was over at once. */
export interface ChangeRecord {
  readonly id: ChangeEventId;
  readonly kind: ChangeKind;
  readonly title: string;
  readonly at: number;
  readonly endAt: number | null;
  readonly dimensions: Dimensions;
  readonly link: string | null;
  readonly source: string | null;
  readonly createdBy: Actor;
  readonly createdAt: number;
}

/** How long before an alert was pending a change still counts, and how long after it began. */
const BEFORE_MS = 3_600_000;
const AFTER_MS = 5 * 60_000;
/** Changes that are told beside an alert. */
const NEAREST = 5;

type Began = { readonly episode: Pick<AlertRecord["episode"], "pendingAt" | "startedAt"> };

/** The time whose changes may have to do with an alert. */
export const changesWindow = ({ episode: { pendingAt, startedAt } }: Began): TimeWindow => ({
  from: pendingAt - BEFORE_MS,
  to: startedAt + AFTER_MS + 1,
});

/**
 * The changes that may have to do with an alert: of its time, and of nothing that its series is not. Those that have most dimensions in common
 * with it come first, and of these the nearest to its beginning; of those as near the one before it.
 *
 * @param changes - In any order, also of other times.
 */
export function changesNear(alert: Began & Pick<AlertRecord, "series">, changes: readonly ChangeRecord[]): readonly NearbyChange[] {
  const { from, to } = changesWindow(alert);
  const dimensions = alert.series?.dimensions ?? {};
  const { pendingAt } = alert.episode;
  return changes
    .filter(({ at, endAt }) => at < to && (endAt ?? at) >= from)
    .flatMap((change) => {
      const shared = sharedDimensions(change.dimensions, dimensions);
      return shared === null ? [] : [{ change, shared, far: Math.abs(change.at - pendingAt) }];
    })
    .toSorted((a, b) => b.shared - a.shared || a.far - b.far || a.change.at - b.change.at || (a.change.id < b.change.id ? -1 : 1))
    .slice(0, NEAREST)
    .map(({ change: { id, kind, title, at, endAt, dimensions: of, link } }) => {
      return { id, kind, title, at: isoTime(at), endAt: isoTimeOrNull(endAt), dimensions: of, link };
    });
}

/** How many dimensions two have in common; null where one of the same name has another value. */
function sharedDimensions(a: Dimensions, b: Dimensions): number | null {
  const names = Object.keys(a).filter((name) => Object.hasOwn(b, name));
  return names.every((name) => a[name] === b[name]) ? names.length : null;
}
