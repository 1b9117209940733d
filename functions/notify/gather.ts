import type { AlertId, GroupId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "../../shared/core/alert/flush.ts";
import type { Member } from "../../shared/core/alert/flush.ts";
import { groupId, ROOT_ROUTE } from "../../shared/core/alert/keys.ts";
import { reopen } from "../../shared/core/alert/step.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
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

    const { group, reopened } = addToGroup(loaded.state, { alert: id, ...memberOf(alert) }, DEFAULT_TIMERS, now);
    // Before the group knows its new member: whoever dies in between leaves the same work to the next.
    for (const other of reopened) await takeBackAcknowledgement(org, other, deps);
    const isNews = canonicalJson(group) !== canonicalJson(loaded.state);
    if (!isNews || (await tenant.groups.save({ group: { ...loaded, state: group }, deliveries: [], notified: [], at: now }))) {
      return group.nextFlushAt === null ? null : { group: key, flushAt: group.nextFlushAt };
    }
  }
  throw new Unavailable("The group is being changed elsewhere", { retryable: true });
}

/** An alert as its group sees it. */
export const memberOf = ({ episode: { severity, acknowledged, resolvedAt } }: AlertRecord): Member => ({
  state: resolvedAt === null ? "firing" : "resolved",
  severity,
  acknowledged,
});

/** Opens an acknowledged episode again, because another alert began to fire beside it. */
async function takeBackAcknowledgement(org: OrgId, id: AlertId, { store, clock }: Deps): Promise<void> {
  const { alerts, instances, rules } = store.forOrg(org);
  for (let race = 0; race < MOST_RACES; race++) {
    const alert = await alerts.get(id);
    if (alert === null || alert.episode.resolvedAt !== null || alert.episode.acknowledged === null) return;
    const rule = await rules.get(alert.rule);
    const [instance] = await instances.getMany([alert.instance]);
    if (rule?.enabled !== true || instance?.state.episode?.id !== id) return;
    const now = clock.now();
    const { instance: after, transitions } = reopen(instance.state, now, "new_members");
    if (await instances.commit({ rule, changes: [instanceChange(instance, { after, transitions }, rule, alert.series)], at: now })) return;
  }
  throw new Unavailable("The alert is being changed elsewhere", { retryable: true });
}
