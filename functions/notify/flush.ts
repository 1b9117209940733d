import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId, ChannelId, GroupId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { AlertRecord } from "../../shared/core/alert/alert-record.ts";
import { decideFlush } from "../../shared/core/alert/flush.ts";
import type { FlushMessage, Listener } from "../../shared/core/alert/flush.ts";
import { DEFAULT_TIMERS, rebaseFlush } from "../../shared/core/alert/group.ts";
import type { GroupState, Timers } from "../../shared/core/alert/group.ts";
import { deliveryId } from "../../shared/core/alert/keys.ts";
import { alertLabels, labelledOf, tells } from "../../shared/core/alert/policies.ts";
import type { RouteTree } from "../../shared/core/alert/policies.ts";
import { CALM, heldBackOf } from "../../shared/core/alert/storm.ts";
import type { Storm } from "../../shared/core/alert/storm.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import type { ChannelRecord, GroupRecord, NewDelivery } from "../../shared/ports/alerting.ts";
import { relatedTo } from "../../shared/ports/related-alerts.ts";
import { shownAs, suppressionOf, writeSuppression } from "../../shared/ports/review-suppression.ts";
import type { StormRecord } from "../../shared/ports/storms.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/ports.ts";
import { tellAcknowledged } from "./acknowledged.ts";
import { gather, memberOf, targetsOf } from "./gather.ts";

type Flush = Parameters<OrgStore["groups"]["save"]>[0];

/** Of a rule that is gone: what it had if nobody said otherwise. */
const DEFAULT_REPEAT_MS = 4 * 3_600_000;
/** A lost race is run again so many times before the event is left to a redelivery; in a storm all groups of a channel race. */
const MOST_RACES = 20;

/**
 * Flushes a group that is due: decides what each channel is to be told, and writes that down with the group, in one batch. Sending it is
 * the next thing that is due.
 */
export async function flushGroup(id: GroupId, tenant: OrgStore, deps: Deps): Promise<void> {
  const { org } = tenant;
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const group = await tenant.groups.get(id);
    if (group?.state.nextFlushAt == null || group.state.nextFlushAt > now) return;

    const members = await tenant.alerts.getMany(Object.keys(group.state.members) as AlertId[]);
    const policies = await tenant.alertPolicies.inForce(now);
    const strays = straysOf(org, id, members, policies.routes);
    if (strays.length > 0) {
      for (const { flushAt } of await gather(org, strays, deps)) await deps.alarm.wakeAt(flushAt);
      continue;
    }
    // What ended may fire again by now, of which the group has not heard yet: both are told together, as that it fires.
    const ended = members.filter(({ episode }) => episode.resolvedAt !== null).map(({ instance }) => instance);
    const again = race > 0 || ended.length === 0 ? [] : await tenant.alerts.openOfInstances(ended);
    const unheard = again.filter((alert) => !Object.hasOwn(group.state.members, alert));
    if (unheard.length > 0) {
      for (const { flushAt } of await gather(org, unheard, deps)) await deps.alarm.wakeAt(flushAt);
      continue;
    }
    const enabled = await tenant.channels.enabled();
    const hides = await suppressionOf(tenant, policies, now);
    const suppressions = new Map(members.map((alert) => [alert.id, hides(labelledOf(alert))]));
    // What happened since, the group may not have heard of yet: nobody is told of what is over.
    const present = Object.fromEntries(members.map((alert) => [alert.id, memberOf(alert)]));
    const state = { ...group.state, members: { ...group.state.members, ...present } };
    const listening = [...listeners(policies.routes, group, members, enabled), ...(await closers(group, enabled, tenant))];
    const known = await stormsOf(state, listening, tenant);
    const timers = policies.routes.get(group.route)?.timers ?? DEFAULT_TIMERS;
    const flushed = decideFlush(
      state,
      listening.map((one) => limited(one, known.get(one.id)?.state ?? CALM, enabled)),
      now,
      policies.routes.get(group.route)?.repeatInterval ?? (await repeatIntervalOf(org, members, deps)),
      timers,
      new Map([
        ...overtaken(members),
        ...[...suppressions].flatMap(([alert, { by, until }]) => (by.length === 0 ? [] : [[alert, until] as const])),
      ]),
    );

    const { messages, group: next } = flushed;
    const storms = [...flushed.storms].map(([channel, storm]) => ({ channel, version: known.get(channel)?.version ?? 0, state: storm }));
    const hiddenBy = (alert: AlertRecord, heldBack: readonly ChannelId[]) =>
      shownAs(suppressions.get(alert.id)!, alert.flapping !== undefined, heldBack);
    const shown = members.map((alert) => ({ ...alert, suppressedBy: hiddenBy(alert, []) }));
    const answers = messages.length === 0 ? new Map<AlertId, Alert>() : await answersOf(shown, tenant, now);
    const deliveries = messages.map((message) => newDelivery(org, group, next.flushNumber, message, answers, now));
    const tell = messages.filter(({ kind, reason }) => kind === "firing" && reason !== "resend");
    const notified = [...new Set(tell.flatMap(({ alerts }) => alerts))];
    const flush = { deliveries, notified, storms, at: now };
    const saved = await saveFlush({ before: group, next, flush, timers }, tenant.groups);
    if (saved === null) continue;

    const found = members.filter(({ episode }) => episode.resolvedAt === null);
    await writeSuppression(
      tenant,
      found.map((alert) => ({ alert, by: hiddenBy(alert, heldBackNow(alert, group.route, saved, policies.routes, enabled)) })),
      { at: now, except: id },
    );
    if (saved.nextFlushAt !== null) await deps.alarm.wakeAt(saved.nextFlushAt);
    // Whoever keeps incidents hears of one for the first time that somebody has taken on already.
    const taken = members.filter(({ id: alert, episode }) => episode.acknowledged !== null && notified.includes(alert));
    for (const { id: alert } of taken) await tellAcknowledged(org, alert, deps);
    return;
  }
  throw new Unavailable("The group is being flushed elsewhere", { retryable: true });
}

/**
 * Members that the group is no longer the place of, because routes or their labels have changed since: they move to where they belong now.
 */
const straysOf = (org: OrgId, group: GroupId, members: readonly AlertRecord[], routes: RouteTree): readonly AlertId[] =>
  members
    .filter((alert) => alert.episode.resolvedAt === null && !targetsOf(org, routes, alert).some(({ id }) => id === group))
    .map(({ id }) => id);

/** Alerts as messages tell them, with what is known around each. */
async function answersOf(alerts: readonly AlertRecord[], tenant: OrgStore, now: number): Promise<ReadonlyMap<AlertId, Alert>> {
  const related = await relatedTo(alerts, tenant);
  return new Map(alerts.map((alert) => [alert.id, toldAlert(alert, related.get(alert.id), now)]));
}

/**
 * Writes a flush over its group, which may have gathered more since it was loaded.
 * @returns The group as it was written; null where the flush is to be decided anew.
 */
async function saveFlush(
  { before, next, flush, timers }: { before: GroupRecord; next: GroupState; flush: Omit<Flush, "group">; timers: Timers },
  groups: OrgStore["groups"],
): Promise<GroupState | null> {
  let [version, state] = [before.version, next];
  for (let race = 0; race < MOST_RACES; race++) {
    if (await groups.save({ ...flush, group: { ...before, version, state } })) return state;
    const present = await groups.get(before.id);
    // The storm of a channel has moved, not the group.
    if (present === null || present.version === version) return null;
    const rebased = rebaseFlush({ before: before.state, flushed: next, present: present.state }, timers, flush.at);
    if (rebased === null) return null;
    [version, state] = [present.version, rebased];
  }
  return null;
}

/** Alerts that ended, of whose end people do not hear since more is said of their instance: that it flaps, or that it fires again. */
function overtaken(members: readonly AlertRecord[]): readonly (readonly [AlertId, null])[] {
  const firing = new Set(members.filter(({ episode }) => episode.resolvedAt === null).map(({ instance }) => instance));
  const flapping = new Set(members.filter((alert) => alert.flapping !== undefined).map(({ instance }) => instance));
  const over = members.filter(({ episode, ...alert }) => episode.resolvedAt !== null && alert.flapping === undefined);
  return over.filter(({ instance }) => flapping.has(instance) || firing.has(instance)).map(({ id }) => [id, null]);
}

/**
 * Who may hear of a group: the channels of its route, and those that know of one of its alerts. A channel of several routes that take
 * an alert hears that it fires from the first of them alone.
 */
function listeners(
  routes: RouteTree,
  { route: key, state }: GroupRecord,
  members: readonly AlertRecord[],
  enabled: readonly ChannelRecord[],
): readonly Listener[] {
  const route = routes.get(key);
  const takers = new Map(members.map((alert) => [alert.id, routes.find(alertLabels(labelledOf(alert)))]));
  return enabled
    .filter(({ id }) => (route !== null && tells(route, id)) || Object.hasOwn(state.told, id))
    .map(({ id, kind }) => ({
      ...tellingOf(kind),
      id,
      sendResolved: tellingOf(kind).isStateful === true || (route?.sendResolved ?? true),
      hears: (alert) => takers.get(alert)?.find((taker) => tells(taker, id))?.key === key,
    }));
}

/** A channel as far as it may be told now. */
function limited(listener: Listener, state: Storm, enabled: readonly ChannelRecord[]): Listener {
  const limit = enabled.find(({ id }) => id === listener.id)?.stormLimit;
  return limit === undefined ? listener : { ...listener, storm: { state, limit } };
}

/** What is kept of the channels of a group, by channel; of none where there is nothing that one of them was not told of. */
async function stormsOf(
  { members, told }: GroupState,
  listening: readonly Listener[],
  { storms }: Pick<OrgStore, "storms">,
): Promise<ReadonlyMap<ChannelId, StormRecord>> {
  const ids = (Object.keys(members) as AlertId[]).filter((id) => members[id]!.state === "firing" || members[id]!.flapping !== undefined);
  const untold = listening.filter(({ id, hears = () => true }) =>
    ids.some((alert) => hears(alert) && !Object.hasOwn(told[id]?.alerts ?? {}, alert)),
  );
  const found = untold.length === 0 ? [] : await storms.ofChannels(untold.map(({ id }) => id));
  return new Map(found.map((storm) => [storm.channel, storm]));
}

/** The channels that were not told of an alert because of their storms: by this flush those of its group, the others as the alert shows. */
function heldBackNow(
  alert: AlertRecord,
  route: string,
  { heldBack = {} }: GroupState,
  routes: RouteTree,
  enabled: readonly ChannelRecord[],
): readonly ChannelId[] {
  const before = heldBackOf(alert.suppressedBy);
  const takers = before.length === 0 ? [] : routes.find(alertLabels(labelledOf(alert)));
  return enabled
    .filter(({ id }) => {
      const owner = takers.find((taker) => tells(taker, id))?.key;
      return heldBack[id]?.includes(alert.id) === true || (owner !== undefined && owner !== route && before.includes(id));
    })
    .map(({ id }) => id);
}

/**
 * Channels that a person has switched off since they were told of a group, and that keep what they were told: they hear of its end alone.
 */
async function closers(
  { state }: GroupRecord,
  enabled: readonly ChannelRecord[],
  { channels }: Pick<OrgStore, "channels">,
): Promise<readonly Listener[]> {
  const ids = (Object.keys(state.told) as ChannelId[]).filter((id) => !enabled.some((channel) => channel.id === id));
  const off = await Promise.all(ids.map((id) => channels.get(id)));
  return off
    .filter((channel) => channel !== null && channel.disabledReason === null && tellingOf(channel.kind).isStateful === true)
    .map((channel) => ({ ...tellingOf(channel!.kind), id: channel!.id, hears: () => false }));
}

/** The shortest of the members' rules. */
async function repeatIntervalOf(org: OrgId, members: readonly AlertRecord[], { store }: Deps): Promise<number> {
  const { rules } = store.forOrg(org);
  const ids = new Set(members.map(({ rule }) => rule));
  const [first] = ids;
  const found = ids.size === 1 ? [await rules.get(first!)] : (await rules.enabled()).filter(({ id }) => ids.has(id));
  const intervals = found.flatMap((rule) => (rule === null ? [] : [rule.repeatInterval]));
  return intervals.length === 0 ? DEFAULT_REPEAT_MS : Math.min(...intervals);
}

function newDelivery(
  org: OrgId,
  { id: group }: GroupRecord,
  flush: number,
  { channel, kind, alerts, reason, storm }: FlushMessage,
  answers: ReadonlyMap<AlertId, Alert>,
  now: number,
): NewDelivery {
  const told = alerts.flatMap((alert) => answers.get(alert) ?? []);
  const more = storm === undefined ? {} : { storm };
  const payload: Notification = { kind, reason, at: now, groupKey: group, alerts: told, ...more };
  return {
    id: deliveryId({ org, channel, group, flush, kind, members: alerts }),
    channel,
    group,
    kind,
    alerts,
    payload,
    nextAttemptAt: now,
  };
}
