import type { AlertId, GroupId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "../../shared/core/alert/flush.ts";
import { groupId, ROOT_ROUTE } from "../../shared/core/alert/keys.ts";
import { reopen } from "../../shared/core/alert/step.ts";
import type { Deps } from "../../shared/ports.ts";

const MOST_RACES = 5;

/**
 * Brings an alert, as it is now, into its group: by the root route, all alerts of a rule.
 * @returns The group and when it is to be flushed; null where the alert is gone, or there is nothing to flush.
 */
export async function gather(org: OrgId, id: AlertId, deps: Deps): Promise<{ group: GroupId; flushAt: number } | null> {
  const tenant = deps.store.forOrg(org);
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const alert = await tenant.alerts.get(id);
    if (alert === null) return null;
    const key = groupId(org, ROOT_ROUTE, { rule: alert.rule });
    const loaded = (await tenant.groups.get(key)) ?? { id: key, version: 0, state: EMPTY_GROUP };

    const { severity, acknowledged, resolvedAt } = alert.episode;
    const change = { alert: id, state: resolvedAt === null ? ("firing" as const) : ("resolved" as const), severity, acknowledged };
    const { group, reopened } = addToGroup(loaded.state, change, DEFAULT_TIMERS, now);
    if (await tenant.groups.save({ group: { ...loaded, state: group }, deliveries: [], notified: [], at: now })) {
      for (const other of reopened) await takeBackAcknowledgement(org, other, now, deps);
      return group.nextFlushAt === null ? null : { group: key, flushAt: group.nextFlushAt };
    }
  }
  throw new Unavailable("The group is being changed elsewhere", { retryable: true });
}

/** Opens an acknowledged episode again, because another alert began to fire beside it. Who loses the race finds it changed, and leaves it. */
async function takeBackAcknowledgement(org: OrgId, id: AlertId, now: number, { store }: Deps): Promise<void> {
  const { alerts, instances, rules } = store.forOrg(org);
  const alert = await alerts.get(id);
  if (alert === null) return;
  const rule = await rules.get(alert.rule);
  const [instance] = await instances.getMany([alert.instance]);
  if (rule === null || instance === undefined || instance.state.episode?.id !== id) return;
  const { instance: after, transitions } = reopen(instance.state, now, "new_members");
  await instances.commit({ rule, changes: [instanceChange(instance, { after, transitions }, rule, alert.series)], at: now });
}
