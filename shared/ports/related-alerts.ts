import type { Related } from "../contract/alert.ts";
import type { AlertId } from "../contract/ids.ts";
import type { AlertRecord } from "../core/alert/alert-record.ts";
import { EARLIER_MS, relatedOf } from "../core/alert/related.ts";
import type { AlertsStore } from "./alerting.ts";

/** Of so many rules at most it is looked up: a message of more says no more of each. */
const MOST_RULES = 20;
/** Dimensions of a rule that are looked at: those that at least half of its alerts share are among them. */
const MOST_DIMENSIONS = 100;

/** What is known around some alerts: two reads a rule. Those of rules that are too many are missing. */
export async function relatedTo(
  alerts: readonly AlertRecord[],
  store: Pick<AlertsStore, "startedOfRule" | "openDimensions">,
): Promise<ReadonlyMap<AlertId, Related>> {
  const found = new Map<AlertId, Related>();
  for (const [rule, own] of [...Map.groupBy(alerts, (alert) => alert.rule)].slice(0, MOST_RULES)) {
    const starts = own.map(({ episode }) => episode.startedAt);
    const window = { from: Math.min(...starts) - EARLIER_MS, to: Math.max(...starts) };
    const [past, firing] = await Promise.all([store.startedOfRule(rule, window), store.openDimensions(rule, MOST_DIMENSIONS)]);
    for (const alert of own) found.set(alert.id, relatedOf(alert, past, firing));
  }
  return found;
}
