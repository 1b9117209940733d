import type { Related } from "../contract/alert.ts";
import type { AlertId } from "../contract/ids.ts";
import type { AlertRecord } from "../core/alert/alert-record.ts";
import { changesWindow } from "../core/alert/changes.ts";
import type { ChangeRecord } from "../core/alert/changes.ts";
import { earlierThan, EARLIER_MS, relatedOf } from "../core/alert/related.ts";
import type { EarlierEpisodes } from "../core/alert/related.ts";
import { FEW_ALERTS } from "../core/alert/top-dimensions.ts";
import type { FiringDimensions, WatchedDimensions } from "../core/alert/top-dimensions.ts";
import { joined } from "../core/time-windows.ts";
import type { OrgStore } from "./store.ts";

/** Of so many rules at most it is looked up: a message of more says no more of each. */
const MOST_RULES = 20;
/** Dimensions of a rule that are looked at: those that at least half of its alerts share are among them. */
const MOST_DIMENSIONS = 100;
/** Times whose changes are looked up, the newest: alerts that began within minutes have one together. */
const MOST_TIMES = 20;

type Tenant = Pick<OrgStore, "alerts" | "verdicts" | "changeEvents">;

/** What is known of a rule around its alerts. */
interface RuleSurroundings {
  readonly earlier: ReadonlyMap<AlertRecord, EarlierEpisodes>;
  readonly firing: FiringDimensions;
  readonly watched: WatchedDimensions;
}

/** What is known around some alerts: a few reads a rule, and a few for all of them. Those of rules that are too many are missing. */
export async function relatedTo(alerts: readonly AlertRecord[], tenant: Tenant): Promise<ReadonlyMap<AlertId, Related>> {
  const rules: RuleSurroundings[] = [];
  for (const [, own] of [...Map.groupBy(alerts, ({ rule }) => rule)].slice(0, MOST_RULES)) rules.push(await aroundRule(own, tenant));
  const earlier = new Map(rules.flatMap((rule) => [...rule.earlier]));
  const before = [...earlier].filter(([, { newest }]) => newest.length > 0);
  const [notes, verdicts, changes] = await Promise.all([
    before.length === 0
      ? new Map<AlertId, string>()
      : tenant.alerts.newestNotes(before.flatMap(([, { newest }]) => newest.map(({ id }) => id))),
    tenant.verdicts.ofSeries([...new Set(before.flatMap(([{ series }]) => series?.id ?? []))]),
    changesAround([...earlier.keys()], tenant),
  ]);
  const found = rules.flatMap(({ earlier: own, ...rule }) =>
    [...own].map(([alert, episodes]): [AlertId, Related] => {
      const said = (alert.series && verdicts.get(alert.series.id)) ?? [];
      return [alert.id, relatedOf(alert, { ...rule, earlier: episodes, notes, verdicts: said, changes })];
    }),
  );
  return new Map(found);
}

/** @param own - Alerts of one rule, one at least. */
async function aroundRule(own: readonly AlertRecord[], { alerts }: Tenant): Promise<RuleSurroundings> {
  const { rule } = own[0]!;
  const starts = own.map(({ episode }) => episode.startedAt);
  const window = { from: Math.min(...starts) - EARLIER_MS, to: Math.max(...starts) };
  const [past, firing] = await Promise.all([alerts.startedOfRule(rule, window), alerts.openDimensions(rule, MOST_DIMENSIONS)]);
  const isFew = firing.alerts < FEW_ALERTS || own.every(({ episode }) => episode.resolvedAt !== null);
  const watched = isFew ? { series: 0, dimensions: [] } : await alerts.watchedDimensions(rule, firing.dimensions);
  return { earlier: new Map(own.map((alert) => [alert, earlierThan(alert, past)])), firing, watched };
}

async function changesAround(alerts: readonly AlertRecord[], { changeEvents }: Tenant): Promise<readonly ChangeRecord[]> {
  const times = joined(alerts.map(changesWindow)).slice(-MOST_TIMES);
  const found = (await Promise.all(times.map((time) => changeEvents.during(time)))).flat();
  // One that lasts may go on in several of the times.
  return [...new Map(found.map((change) => [change.id, change])).values()];
}
