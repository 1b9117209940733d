import type { Related } from "../../contract/alert.ts";
import type { AlertId, InstanceId } from "../../contract/ids.ts";
import { formatDuration, isoTime } from "../../contract/time.ts";
import type { AlertRecord } from "./alert-record.ts";

/** An episode of a rule, as far as another one is compared with it. Unix ms. */
export interface PastEpisode {
  readonly id: AlertId;
  readonly instance: InstanceId;
  readonly startedAt: number;
  readonly resolvedAt: number | null;
}

/** Open episodes of a rule, and how many of them have which dimension; those that most have first. */
export interface FiringDimensions {
  readonly alerts: number;
  readonly dimensions: readonly { readonly name: string; readonly value: string; readonly alerts: number }[];
}

/** How long before an alert others are looked for. */
export const EARLIER_DAYS = 30;
export const EARLIER_MS = EARLIER_DAYS * 86_400_000;
const NEWEST = 3;
/** Dimensions that are named. */
const SHARED = 3;

/**
 * What is known around an alert.
 *
 * @param past - Episodes of its rule, newest first; those from before EARLIER_MS before it, and from its start on, are passed over.
 * @param firing - Of its rule.
 */
export function relatedOf(
  { id, instance, episode }: Pick<AlertRecord, "id" | "instance" | "episode">,
  past: readonly PastEpisode[],
  firing: FiringDimensions,
): Related {
  const { startedAt, resolvedAt } = episode;
  const earlier = past.filter((one) => one.id !== id && one.startedAt < startedAt && one.startedAt >= startedAt - EARLIER_MS);
  const own = earlier.filter((one) => one.instance === instance);
  const newest = own.slice(0, NEWEST).map((one) => ({
    id: one.id,
    startedAt: isoTime(one.startedAt),
    duration: one.resolvedAt === null ? null : formatDuration(one.resolvedAt - one.startedAt),
  }));
  return {
    earlier: { ofInstance: own.length, ofRule: earlier.length, newest },
    firing: resolvedAt === null ? { alerts: firing.alerts, dimensions: sharedBy(firing) } : null,
  };
}

/** What at least half of several alerts have: one value a dimension. */
function sharedBy({ alerts, dimensions }: FiringDimensions): { name: string; value: string; alerts: number }[] {
  const shared = dimensions.filter((one) => one.alerts > 1 && one.alerts >= alerts / 2);
  const first = new Map(shared.toReversed().map((one) => [one.name, one]));
  return shared.filter((one) => first.get(one.name) === one).slice(0, SHARED);
}
