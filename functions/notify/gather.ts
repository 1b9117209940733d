import type { AlertId, ChannelId, GroupId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { EMPTY_GROUP } from "../../shared/core/alert/group.ts";
import type { Member } from "../../shared/core/alert/group.ts";
import { placeAlert } from "../../shared/core/alert/placement.ts";
import { alertLabels, DEFAULT_ROUTE, groupOf, labelledOf, tells } from "../../shared/core/alert/policies.ts";
import type { Labels, Route, RouteTree } from "../../shared/core/alert/policies.ts";
import { reopen } from "../../shared/core/alert/step.ts";
import type { GroupRecord } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";

const MOST_RACES = 5;

/**
 * Brings alerts, as they are now, into the groups of their routes, and out of those that are not theirs any more. One that has ended stays
 * in those that have it; it is brought into them only where its instance flaps since.
 * @returns The groups and when each is to be flushed; none where the alerts are gone, or there is nothing to flush.
 */
export async function gather(org: OrgId, ids: readonly AlertId[], deps: Deps): Promise<readonly { group: GroupId; flushAt: number }[]> {
  const tenant = deps.store.forOrg(org);
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const alerts = await tenant.alerts.getMany(ids);
    if (alerts.length === 0) return [];
    const [policies, holding] = await Promise.all([tenant.alertPolicies.inForce(now), tenant.groups.ofAlerts(ids)]);
    const known = new Map(holding.map((group) => [group.id, group]));
    const states = new Map(holding.map(({ id, state }) => [id, state]));
    const touched = new Set<GroupId>();
    const reopened = new Set<AlertId>();
    for (const alert of alerts) {
      const held = holding.filter(({ state }) => Object.hasOwn(state.members, alert.id));
      const isNews = alert.episode.resolvedAt === null || (alert.flapping?.isBegun === true && held.length === 0);
      const wanted = isNews ? targetsOf(org, policies.routes, alert) : targetsHolding(policies.routes, held);
      for (const { id: key, route, labels } of wanted) {
        if (known.has(key)) continue;
        const group = (await tenant.groups.get(key)) ?? { id: key, route: route.key, labels, version: 0, state: EMPTY_GROUP };
        known.set(key, group);
        states.set(key, group.state);
      }
      const own = [...held, ...wanted].map(({ id }) => id);
      const targets = wanted.map(({ id: key, route }) => ({ id: key, timers: route.timers, tells: (to: ChannelId) => tells(route, to) }));
      const before = new Map(own.map((id) => [id, states.get(id)!]));
      const placed = placeAlert(before, { alert: alert.id, ...memberOf(alert) }, targets, now);
      for (const [id, state] of placed.groups) {
        states.set(id, state);
        touched.add(id);
      }
      for (const id of placed.reopened) reopened.add(id);
    }
    // Before the groups know their new member: whoever dies in between leaves the same work to the next.
    for (const other of reopened) await takeBackAcknowledgement(org, other, deps);
    const groups = [...touched].map((id) => ({ ...known.get(id)!, state: states.get(id)! }));
    const news = groups.filter(({ id, state }) => JSON.stringify(state) !== JSON.stringify(known.get(id)!.state));
    if (news.length === 0 || (await tenant.groups.saveAll(news))) {
      return groups.flatMap(({ id: group, state: { nextFlushAt } }) => (nextFlushAt === null ? [] : [{ group, flushAt: nextFlushAt }]));
    }
  }
  throw new Unavailable("The group is being changed elsewhere", { retryable: true });
}

/** A group that an alert belongs in, and its route. */
interface Placed {
  readonly id: GroupId;
  readonly route: Route;
  readonly labels: Labels;
}

/** The groups of the routes that take an alert; two routes never share one. */
export function targetsOf(org: OrgId, routes: RouteTree, alert: AlertRecord): readonly Placed[] {
  const labels = alertLabels(labelledOf(alert));
  return routes.find(labels).map((route) => ({ route, ...groupOf(org, route, labels) }));
}

/** The groups that have an alert, each with its route: the default's patience where that is gone. */
const targetsHolding = (routes: RouteTree, holding: readonly GroupRecord[]): readonly Placed[] =>
  holding.map(({ id, route, labels }) => ({ id, labels, route: routes.get(route) ?? { ...DEFAULT_ROUTE, key: route } }));

/** An alert as its group sees it. */
export const memberOf = ({ episode: { severity, acknowledged, resolvedAt }, flapping }: AlertRecord): Member => ({
  state: resolvedAt === null ? "firing" : "resolved",
  severity,
  acknowledged,
  ...(flapping === undefined ? {} : { flapping: flapping.isBegun ? "begun" : "goes on" }),
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
