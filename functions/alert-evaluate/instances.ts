import type { Rule, SelectingRule } from "../../shared/contract/rule.ts";
import type { Series } from "../../shared/contract/series.ts";
import type { InstanceRecord, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { newInstance } from "../../shared/core/alert/step.ts";
import { MAX_INSTANCES } from "../../shared/ports/alerting.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** A series with its instance of a rule: the stored one, or a new one at version 0. */
export interface Watched {
  readonly series: WatchedSeries;
  readonly instance: InstanceRecord;
}

/** Series that are looked at for new instances: more than may have one, since some have long been silent. */
const MOST_SERIES = 10 * MAX_INSTANCES;

/** The instances of a rule for some series. */
export async function instancesOf(tenant: OrgStore, rule: Rule, series: readonly WatchedSeries[]): Promise<Watched[]> {
  const ids = series.map(({ id }) => instanceId(tenant.org, rule.id, id));
  const stored = new Map((await tenant.instances.getMany(ids)).map((instance) => [instance.id, instance]));
  return series.map((own, row) => ({ series: own, instance: stored.get(ids[row]!) ?? unstored(tenant, rule, own) }));
}

/** Every instance that a rule has, and the series that it selects beside them. */
export async function instancesOfRule(
  tenant: OrgStore,
  rule: SelectingRule,
): Promise<{
  readonly stored: readonly Watched[];
  readonly more: readonly { readonly series: Series; readonly instance: InstanceRecord }[];
}> {
  const stored = (await tenant.instances.ofRule(rule.id)).map(({ of, ...instance }): Watched => ({ series: of, instance }));
  if (stored.length >= MAX_INSTANCES) return { stored, more: [] };
  const known = new Set(stored.map(({ series }) => series.id));
  const selected = await tenant.series.select(rule.selector, MOST_SERIES);
  const more = selected.filter(({ id }) => !known.has(id)).map((series) => ({ series, instance: unstored(tenant, rule, series) }));
  return { stored, more };
}

function unstored({ org }: OrgStore, rule: Rule, { id: series }: WatchedSeries): InstanceRecord {
  const id = instanceId(org, rule.id, series);
  return { id, rule: rule.id, series, version: 0, state: newInstance(id, rule.severity) };
}
