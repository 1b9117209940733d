import type { EarlierAlert, Related } from "../../contract/alert.ts";
import type { AlertId, InstanceId } from "../../contract/ids.ts";
import { formatDuration, isoTime } from "../../contract/time.ts";
import type { SaidVerdict } from "../detect/verdicts.ts";
import { shorten } from "../message/plain-text.ts";
import type { AlertRecord } from "./alert-record.ts";
import { changesNear } from "./changes.ts";
import type { ChangeRecord } from "./changes.ts";
import type { Episode } from "./step.ts";
import { topDimensions } from "./top-dimensions.ts";
import type { FiringDimensions, WatchedDimensions } from "./top-dimensions.ts";

/** An episode of a rule, as far as another one is compared with it. Unix ms. */
export interface PastEpisode extends Pick<Episode, "reason"> {
  readonly id: AlertId;
  readonly instance: InstanceId;
  readonly startedAt: number;
  readonly resolvedAt: number | null;
}

/** Of the episodes before one: how many there were, and the newest of its instance. */
export interface EarlierEpisodes {
  readonly ofInstance: number;
  readonly ofRule: number;
  readonly newest: readonly PastEpisode[];
}

/** What an alert is compared with. */
export interface Surroundings {
  readonly earlier: EarlierEpisodes;
  /** The newest comment on each of the newest of them; those without one are missing. */
  readonly notes: ReadonlyMap<AlertId, string>;
  /** What people said of its series' anomalies. */
  readonly verdicts: readonly SaidVerdict[];
  /** Of its rule, as what it watches. */
  readonly firing: FiringDimensions;
  readonly watched: WatchedDimensions;
  readonly changes: readonly ChangeRecord[];
}

type Compared = Pick<AlertRecord, "id" | "instance" | "series" | "episode">;

/** How long before an alert others are looked for. */
export const EARLIER_DAYS = 30;
export const EARLIER_MS = EARLIER_DAYS * 86_400_000;
const NEWEST = 3;
/** Dimensions that are named. */
const SHARED = 3;
/** Of a note. UTF-16 code units. */
const NOTE_LIMIT = 500;

/**
 * The episodes before an alert.
 * @param past - Of its rule, newest first; those from before EARLIER_MS before it, and from its start on, are passed over.
 */
export function earlierThan(
  { id, instance, episode: { startedAt } }: Pick<Compared, "id" | "instance" | "episode">,
  past: readonly PastEpisode[],
): EarlierEpisodes {
  const earlier = past.filter((one) => one.id !== id && one.startedAt < startedAt && one.startedAt >= startedAt - EARLIER_MS);
  const own = earlier.filter((one) => one.instance === instance);
  return { ofInstance: own.length, ofRule: earlier.length, newest: own.slice(0, NEWEST) };
}

/** What is known around an alert. */
export function relatedOf(alert: Compared, { earlier, notes, verdicts, firing, watched, changes }: Surroundings): Related {
  const isOpen = alert.episode.resolvedAt === null;
  const newest = earlier.newest.map((one): EarlierAlert => ({
    id: one.id,
    startedAt: isoTime(one.startedAt),
    duration: one.resolvedAt === null ? null : formatDuration(one.resolvedAt - one.startedAt),
    reason: one.reason,
    note: noteOf(notes.get(one.id)),
    feedback: verdicts.findLast(({ from, to }) => from <= (one.resolvedAt ?? Infinity) && to > one.startedAt)?.verdict ?? null,
  }));
  return {
    earlier: { ofInstance: earlier.ofInstance, ofRule: earlier.ofRule, newest },
    firing: isOpen ? { alerts: firing.alerts, dimensions: sharedBy(firing) } : null,
    topDimensions: isOpen ? topDimensions(firing, watched) : [],
    changes: [...changesNear(alert, changes)],
  };
}

const noteOf = (text: string | undefined): string | null => (text === undefined ? null : shorten(text, NOTE_LIMIT));

/** What at least half of several alerts have: one value a dimension. */
function sharedBy({ alerts, dimensions }: FiringDimensions): { name: string; value: string; alerts: number }[] {
  const shared = dimensions.filter((one) => one.alerts > 1 && one.alerts >= alerts / 2);
  const first = new Map(shared.toReversed().map((one) => [one.name, one]));
  return shared.filter((one) => first.get(one.name) === one).slice(0, SHARED);
}
