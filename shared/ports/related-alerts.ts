import type { Related } from "../contract/alert.ts";
import type { AlertId, RuleId } from "../contract/ids.ts";
import { isSeries } from "../core/alert/alert-record.ts";
import type { AlertRecord } from "../core/alert/alert-record.ts";
import { changesWindow } from "../core/alert/changes.ts";
import type { ChangeRecord } from "../core/alert/changes.ts";
import { earlierThan, EARLIER_MS, relatedOf } from "../core/alert/related.ts";
import type { EarlierEpisodes } from "../core/alert/related.ts";
import { countDimensions, FEW_ALERTS } from "../core/alert/top-dimensions.ts";
import type { FiringDimensions, WatchedDimensions } from "../core/alert/top-dimensions.ts";
import { compileMatchers } from "../core/series/matchers.ts";
import { joined } from "../core/time-windows.ts";
import type { OrgStore } from "./store.ts";

const MINUTE_MS = 60_000;
/** Of so many rules at most it is looked up: a message of more says no more of each. */
const MOST_RULES = 20;
/** Dimensions of a rule that are looked at: those that at least half of its alerts share are among them. */
const MOST_DIMENSIONS = 100;
/** Times whose changes are looked up, the newest: alerts that began within minutes have one together. */
const MOST_TIMES = 20;
/** Series of a metric among which those of an anomaly rule are counted: ids are hashes, so the first of them are like the others. */
const MOST_SERIES = 1_000;

type Tenant = Pick<OrgStore, "alerts" | "verdicts" | "changeEvents" | "rules" | "series">;

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
      const said = (isSeries(alert.series) && verdicts.get(alert.series.id)) || [];
      return [alert.id, relatedOf(alert, { ...rule, earlier: episodes, notes, verdicts: said, changes })];
    }),
  );
  return new Map(found);
}

/** @param own - Alerts of one rule, one at least. */
async function aroundRule(own: readonly AlertRecord[], tenant: Tenant): Promise<RuleSurroundings> {
  const { alerts } = tenant;
  const { rule } = own[0]!;
  const starts = own.map(({ episode }) => episode.startedAt);
  // Whole minutes, so that alerts which begin together ask for the same; those beyond are passed over.
  const [first, last] = [Math.min(...starts) - EARLIER_MS, Math.max(...starts)];
  const window = { from: Math.floor(first / MINUTE_MS) * MINUTE_MS, to: Math.ceil(last / MINUTE_MS) * MINUTE_MS };
  const [past, firing] = await Promise.all([alerts.startedOfRule(rule, window), alerts.openDimensions(rule, MOST_DIMENSIONS)]);
  const isFew = firing.alerts < FEW_ALERTS || own.every(({ episode }) => episode.resolvedAt !== null);
  const watched = isFew ? { series: 0, dimensions: [] } : await watchedBy(rule, firing, tenant);
  return { earlier: new Map(own.map((alert) => [alert, earlierThan(alert, past)])), firing, watched };
}

/** Of a rule over anomalies only the series that were anomalous have an instance: the others are looked for among all series. */
async function watchedBy(id: RuleId, { dimensions }: FiringDimensions, { alerts, rules, series }: Tenant): Promise<WatchedDimensions> {
  const rule = await rules.get(id);
  if (rule?.kind !== "anomaly") return alerts.watchedDimensions(id, dimensions);
  const { metricKey, matchers } = rule.selector;
  const compiled = compileMatchers(matchers);
  if (!compiled.ok) return { series: 0, dimensions: [] };
  const found = await series.select({ metricKey, matchers: [] }, MOST_SERIES);
  return countDimensions(
    found.map((one) => one.dimensions).filter((one) => compiled.value(one)),
    dimensions,
  );
}

async function changesAround(alerts: readonly AlertRecord[], { changeEvents }: Tenant): Promise<readonly ChangeRecord[]> {
  const times = joined(alerts.map(changesWindow)).slice(-MOST_TIMES);
  const found = (await Promise.all(times.map((time) => changeEvents.during(time)))).flat();
  // One that lasts may go on in several of the times.
  return [...new Map(found.map((change) => [change.id, change])).values()];
}
