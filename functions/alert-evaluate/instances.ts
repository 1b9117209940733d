import type { Rule } from "../../shared/contract/rule.ts";
import { newWatchRecord } from "../../shared/core/alert/alert-record.ts";
import type { WatchRecord, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
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
  return series.map((own, row) => ({ series: own, instance: stored.get(ids[row]!) ?? newWatchRecord(ids[row]!, rule, own.id) }));
}
