import type { Rule } from "../../shared/contract/rule.ts";
import type { Series } from "../../shared/contract/series.ts";
import type { InstanceRecord } from "../../shared/core/alert/alert-record.ts";
import { instanceId } from "../../shared/core/alert/keys.ts";
import { newInstance } from "../../shared/core/alert/step.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** A series with its instance of a rule: the stored one, or a new one at version 0. */
export interface Watched {
  readonly series: Series;
  readonly instance: InstanceRecord;
}

/** The instances of a rule for some series. */
export async function instancesOf(tenant: OrgStore, rule: Rule, series: readonly Series[]): Promise<Watched[]> {
  const ids = series.map(({ id }) => instanceId(tenant.org, rule.id, id));
  const stored = new Map((await tenant.instances.getMany(ids)).map((instance) => [instance.id, instance]));
  return series.map((own, row) => {
    const id = ids[row]!;
    const fresh = { id, rule: rule.id, series: own.id, version: 0, state: newInstance(id, rule.severity) };
    return { series: own, instance: stored.get(id) ?? fresh };
  });
}
