import type { AlertId, ChannelId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import { isAcknowledged } from "./status.ts";

/** How patient a route is; durations in ms. */
export interface Timers {
  /** A new group gathers this long before it is told. */
  readonly groupWait: number;
  /** The same, once one of its alerts is critical. */
  readonly groupWaitCritical: number;
  /** A group that was told gathers changes this long. */
  readonly groupInterval: number;
  /** Tells at once that an alert of a told group was resolved, not at the next interval. */
  readonly resolveAtOnce: boolean;
}

/** The timers of the root route. */
export const DEFAULT_TIMERS: Timers = { groupWait: 30_000, groupWaitCritical: 0, groupInterval: 300_000, resolveAtOnce: false };

/** An alert in its group. */
export interface Member {
  readonly state: "firing" | "resolved";
  readonly severity: Severity;
  /** `until` in Unix ms, null for no end. */
  readonly acknowledged: { readonly until: number | null } | null;
}

/** What a channel believes to be firing. */
export interface Told {
  /** When it was last told of something firing, Unix ms: repeats count from here. */
  readonly at: number;
  /** The severity it was told, by alert. */
  readonly alerts: Readonly<Record<AlertId, Severity>>;
}

/** Alerts that are told together. JSON-safe, times in Unix ms. */
export interface GroupState {
  /** null while nothing fires: there is nothing to flush. */
  readonly nextFlushAt: number | null;
  /** The last flush of the group as it stands; null while it is new and gathers for the first time, and while all of it was hidden. */
  readonly lastFlushAt: number | null;
  /** Grows with each flush and never starts again: part of every notification's key. */
  readonly flushNumber: number;
  readonly members: Readonly<Record<AlertId, Member>>;
  readonly told: Readonly<Record<ChannelId, Told>>;
  /** When any channel was last told anything. */
  readonly lastNotifiedAt: number | null;
  /** Those that were hidden at the last flush; left out where none was. */
  readonly held?: readonly AlertId[];
}

/** A group that no alert has joined yet. */
export const EMPTY_GROUP: GroupState = {
  nextFlushAt: null,
  lastFlushAt: null,
  flushNumber: 0,
  members: {},
  told: {},
  lastNotifiedAt: null,
};

/** The state of an episode as it is now, not as it was when an event about it was written. */
export interface Change extends Member {
  readonly alert: AlertId;
}

/**
 * Brings a change of an episode into its group and decides when the group is to be flushed: a new group after groupWait, or at once where an
 * alert is critical; one that was told at its next interval. The same change again changes nothing.
 *
 * @param now - Unix ms.
 * @returns The group, and those acknowledged members that open again because another alert began to fire beside them.
 * @see Prometheus Alertmanager, dispatch: group_wait and group_interval.
 */
export function addToGroup(
  group: GroupState,
  { alert, state, severity, acknowledged }: Change,
  timers: Timers,
  now: number,
): { readonly group: GroupState; readonly reopened: readonly AlertId[] } {
  const known = Object.hasOwn(group.members, alert);
  // It fired and resolved before the group heard of it, or the group has told its end already.
  if (state === "resolved" && !known) return { group, reopened: [] };

  const joins = state === "firing" && !known;
  const reopened = joins ? memberIds(group).filter((id) => group.members[id]!.acknowledged !== null) : [];
  const members: Record<AlertId, Member> = { ...group.members, [alert]: { state, severity, acknowledged } };
  for (const id of reopened) members[id] = { ...members[id]!, acknowledged: null };

  const resolves = state === "resolved" && group.members[alert]?.state === "firing";
  const gathers = group.lastFlushAt === null && group.held?.includes(alert) !== true;
  const nextFlushAt = gathers ? firstFlush(group, { state, severity }, timers, now) : group.nextFlushAt;
  const hurries = resolves && timers.resolveAtOnce && group.lastFlushAt !== null;
  return { group: { ...group, members, nextFlushAt: hurries ? now : nextFlushAt }, reopened };
}

/** When a group that was never flushed is due: only what fires hurries it. */
function firstFlush({ nextFlushAt }: GroupState, { state, severity }: Pick<Member, "state" | "severity">, timers: Timers, now: number) {
  if (state === "resolved") return nextFlushAt;
  const due = now + (severity === "critical" ? timers.groupWaitCritical : timers.groupWait);
  return nextFlushAt === null ? due : Math.min(nextFlushAt, due);
}

/** Why a channel is told. */
export type FlushReason = "first" | "new alert" | "severity raised" | "suppression ended" | "repeat" | "some resolved" | "all resolved";

/** One message that a channel is to get. */
export interface FlushMessage {
  readonly channel: ChannelId;
  readonly kind: "firing" | "resolved";
  /** Sorted. For `firing` all that fire in the group (of a repeat those not acknowledged), for `resolved` those that ended. */
  readonly alerts: readonly AlertId[];
  readonly reason: FlushReason;
}

/** A channel that a group may tell. */
export interface Listener {
  readonly id: ChannelId;
  /** false: it never gets a resolve. */
  readonly sendResolved?: boolean;
  /** It keeps a state: it gets the resolve of a firing that it got even if the alert is hidden by then. */
  readonly isStateful?: boolean;
  /** Whether this group tells it that an alert fires; left out, of all. Of the end of what it was told it hears all the same. */
  readonly hears?: (alert: AlertId) => boolean;
}

/**
 * Decides what each channel is to be told, against what it was last told. Only-resolved and never told is nothing, nor is fired and resolved
 * between two flushes; what fires is told again after the repeat interval, which is rounded up to a multiple of groupInterval, unless
 * it is acknowledged. What is hidden is not told, and once it no longer is, told again. Messages belong to flush `group.flushNumber` of the
 * returned group.
 *
 * @param channels - The enabled ones.
 * @param now - Unix ms. Before the group is due nothing happens and the group is returned as it is.
 * @param repeatInterval - ms, of the rule.
 * @param suppressed - The alerts that are hidden, each with when it is to be looked at again, Unix ms; null where that is not known.
 * @see Prometheus Alertmanager, notify: DedupStage.needsUpdate.
 */
export function decideFlush(
  group: GroupState,
  channels: readonly Listener[],
  now: number,
  repeatInterval: number,
  timers: Timers = DEFAULT_TIMERS,
  suppressed: ReadonlyMap<AlertId, number | null> = new Map(),
): { readonly messages: readonly FlushMessage[]; readonly group: GroupState } {
  if (group.nextFlushAt === null || now < group.nextFlushAt) return { messages: [], group };

  const firing = memberIds(group).filter((id) => group.members[id]!.state === "firing");
  const visible = firing.filter((id) => !suppressed.has(id));
  const held = firing.filter((id) => suppressed.has(id));
  const repeatAfter = Math.ceil(repeatInterval / timers.groupInterval) * timers.groupInterval;
  const messages: FlushMessage[] = [];
  // A channel that is switched off keeps what it was told of those that still fire: switched on again, it is not told a second time.
  const told: Record<ChannelId, Told> = Object.fromEntries(
    Object.entries(group.told).map(([channel, { at, alerts }]) => [channel, { at, alerts: pick(alerts, firing) }]),
  );
  for (const { id: channel, sendResolved = true, isStateful = false, hears = () => true } of channels) {
    const before: Told = group.told[channel] ?? { at: now, alerts: {} };
    const heard = visible.filter(hears);
    const message = firingMessage(group, before, heard, now, repeatAfter);
    if (message !== null) messages.push({ channel, kind: "firing", ...message });

    const ended = memberIds(group).filter(
      (id) => group.members[id]!.state === "resolved" && Object.hasOwn(before.alerts, id) && (isStateful || !suppressed.has(id)),
    );
    const reason = firing.length === 0 ? "all resolved" : "some resolved";
    if (sendResolved && ended.length > 0) messages.push({ channel, kind: "resolved", alerts: ended, reason });
    told[channel] = {
      at: message === null ? before.at : now,
      alerts: { ...pick(before.alerts, firing), ...Object.fromEntries(heard.map((id) => [id, group.members[id]!.severity])) },
    };
  }
  const open = firing.length > 0;
  return {
    messages,
    group: {
      nextFlushAt: open ? Math.min(now + timers.groupInterval, ...held.map((id) => suppressed.get(id) ?? Infinity)) : null,
      // What is hidden does not make others wait that come later.
      lastFlushAt: visible.length > 0 || (open && Object.values(told).some(({ alerts }) => Object.keys(alerts).length > 0)) ? now : null,
      flushNumber: group.flushNumber + 1,
      members: pick(group.members, firing),
      told: open ? told : {},
      lastNotifiedAt: messages.length > 0 ? now : group.lastNotifiedAt,
      ...(held.length > 0 ? { held } : {}),
    },
  };
}

function firingMessage(
  { members, held = [] }: GroupState,
  told: Told,
  firing: readonly AlertId[],
  now: number,
  repeatAfter: number,
): Pick<FlushMessage, "alerts" | "reason"> | null {
  if (firing.some((id) => !Object.hasOwn(told.alerts, id))) {
    return { alerts: firing, reason: Object.keys(told.alerts).length === 0 ? "first" : "new alert" };
  }
  if (firing.some((id) => members[id]!.severity === "critical" && told.alerts[id] === "warning")) {
    return { alerts: firing, reason: "severity raised" };
  }
  const again = firing.filter((id) => !isAcknowledged(members[id]!.acknowledged, now));
  if (again.some((id) => held.includes(id))) return { alerts: again, reason: "suppression ended" };
  return again.length > 0 && now - told.at >= repeatAfter ? { alerts: again, reason: "repeat" } : null;
}

function memberIds({ members }: GroupState): readonly AlertId[] {
  return (Object.keys(members) as AlertId[]).toSorted();
}

function pick<Value>(record: Readonly<Record<AlertId, Value>>, ids: readonly AlertId[]): Record<AlertId, Value> {
  return Object.fromEntries(ids.filter((id) => Object.hasOwn(record, id)).map((id) => [id, record[id]!]));
}
