import type { Rule } from "../../shared/contract/rule.ts";
import type { WatchRecord, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { newInstance } from "../../shared/core/alert/step.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** A series with its instance of a rule: the stored one, or a new one at version 0. */
export interface Watched {
  readonly series: WatchedSeries;
  readonly instance: WatchRecord;
}

/** The instances of a rule for some series. */
export async function instancesOf(tenant: OrgStore, rule: Rule, series: readonly WatchedSeries[]): Promise<Watched[]> {
  const ids = series.map(({ id }) => instanceId(tenant.org, rule.id, id));
  const stored = new Map((await tenant.instances.getMany(ids)).map((instance) => [instance.id, instance]));
  return series.map((own, row) => ({ series: own, instance: stored.get(ids[row]!) ?? unstored(tenant, rule, own) }));
}

function unstored({ org }: OrgStore, rule: Rule, { id: series }: WatchedSeries): WatchRecord {
  const id = instanceId(org, rule.id, series);
  return { id, rule: rule.id, series, version: 0, state: newInstance(id, rule.severity), checkpoints: [], dueAt: null };
}
