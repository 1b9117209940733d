import type { AlertId, ChannelId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import { isAcknowledged } from "./status.ts";
import { admit } from "./storm.ts";
import type { Storm, StormNotice } from "./storm.ts";
import type { Telling } from "./telling.ts";

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
  /** Its instance flaps: neither its firing nor its end is told. `begun`: but that it does, of this one. Left out where it does not. */
  readonly flapping?: "begun" | "goes on";
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
  /** When the group as a whole is due, where it is flushed before that for channels that are told again in between; else as nextFlushAt. */
  readonly wholeFlushAt?: number;
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
  /** Those that a channel was not told of at the last flush because of its storm; left out where there was none. */
  readonly heldBack?: Readonly<Record<ChannelId, readonly AlertId[]>>;
  /** Those of which it was told that their instance flaps, as long as it does; left out where there is none. */
  readonly noticed?: readonly AlertId[];
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
 * alert is critical; one that was told at its next interval, but at once where an instance begins to flap, or is calm again. The same change
 * again changes nothing.
 *
 * @param now - Unix ms.
 * @returns The group, and those acknowledged members that open again because another alert began to fire beside them.
 * @see Prometheus Alertmanager, dispatch: group_wait and group_interval.
 */
export function addToGroup(
  group: GroupState,
  { alert, ...member }: Change,
  timers: Timers,
  now: number,
): { readonly group: GroupState; readonly reopened: readonly AlertId[] } {
  const known = Object.hasOwn(group.members, alert);
  const { state, severity, flapping } = member;
  const isNotice = flapping === "begun" && group.noticed?.includes(alert) !== true;
  // It fired and resolved before the group heard of it, or the group has told its end already.
  if (state === "resolved" && !known && !isNotice) return { group, reopened: [] };

  const joins = state === "firing" && !known && flapping === undefined;
  const reopened = joins ? memberIds(group).filter((id) => group.members[id]!.acknowledged !== null) : [];
  const members: Record<AlertId, Member> = { ...group.members, [alert]: member };
  for (const id of reopened) members[id] = { ...members[id]!, acknowledged: null };

  const resolves = state === "resolved" && group.members[alert]?.state === "firing";
  const isHeldBack = Object.values(group.heldBack ?? {}).some((ids: readonly AlertId[]) => ids.includes(alert));
  const waits = group.held?.includes(alert) === true || (isHeldBack && severity === group.members[alert]?.severity);
  const gathers = group.lastFlushAt === null && !waits;
  const nextFlushAt = gathers ? firstFlush(group, { state: isNotice ? "firing" : state, severity }, timers, now) : group.nextFlushAt;
  const isCalmAgain = group.members[alert]?.flapping !== undefined && flapping === undefined;
  const hurries = !gathers && ((resolves && timers.resolveAtOnce && group.lastFlushAt !== null) || isNotice || isCalmAgain);
  const { wholeFlushAt: _, ...hurried } = group;
  if (hurries) return { group: { ...hurried, members, nextFlushAt: Math.min(nextFlushAt ?? now, now) }, reopened };
  // It was told while the clock was ahead: what joins it now does not wait until then.
  const latest = now + timers.groupInterval;
  const isAhead = !gathers && nextFlushAt !== null && (group.wholeFlushAt ?? nextFlushAt) > latest;
  if (isAhead) return { group: { ...hurried, members, nextFlushAt: Math.min(nextFlushAt, latest) }, reopened };
  return { group: { ...group, members, nextFlushAt }, reopened };
}

/**
 * A flush of a group that others changed while it was decided: what came in meanwhile joins after it.
 *
 * @param before - The group that the flush was decided of; `flushed`: what it made of it; `present`: the group as it is now.
 * @returns null where more changed than what the group gathers: it is to be decided anew.
 */
export function rebaseFlush(
  { before, flushed, present }: { readonly before: GroupState; readonly flushed: GroupState; readonly present: GroupState },
  timers: Timers,
  now: number,
): GroupState | null {
  if (JSON.stringify(gatheredApart(before)) !== JSON.stringify(gatheredApart(present))) return null;
  if (memberIds(before).some((id) => !Object.hasOwn(present.members, id))) return null;
  return memberIds(present)
    .filter((id) => JSON.stringify(present.members[id]) !== JSON.stringify(before.members[id]))
    .reduce((group, alert) => addToGroup(group, { alert, ...present.members[alert]! }, timers, now).group, flushed);
}

/** What a group is beside what it gathers. */
const gatheredApart = ({ members: _, nextFlushAt: __, wholeFlushAt: ___, ...rest }: GroupState) => rest;

/** When a group that was never flushed is due: only what fires hurries it. */
function firstFlush({ nextFlushAt }: GroupState, { state, severity }: Pick<Member, "state" | "severity">, timers: Timers, now: number) {
  if (state === "resolved") return nextFlushAt;
  const due = now + (severity === "critical" ? timers.groupWaitCritical : timers.groupWait);
  return nextFlushAt === null ? due : Math.min(nextFlushAt, due);
}

/** Why a channel is told. */
export type FlushReason =
  | "first"
  | "new alert"
  | "severity raised"
  | "suppression ended"
  | "repeat"
  | "resend"
  | "flapping"
  | "storm"
  | "some resolved"
  | "all resolved";

/** One message that a channel is to get. */
export interface FlushMessage {
  readonly channel: ChannelId;
  readonly kind: "firing" | "resolved";
  /**
   * Sorted. For `firing` all that fire in the group (of a repeat those not acknowledged, of flapping those that flap, though they may not
   * fire right now), for `resolved` those that ended. Where a channel is told one alert a message: that one, and of what fires only what is
   * news or repeated. Of a storm none.
   */
  readonly alerts: readonly AlertId[];
  readonly reason: FlushReason;
  /** Of a storm: that it begins. */
  readonly storm?: StormNotice;
}

/** A channel that a group may tell. */
export interface Listener extends Telling {
  readonly id: ChannelId;
  /** false: it never gets a resolve. */
  readonly sendResolved?: boolean;
  /** Whether this group tells it that an alert fires; left out, of all. Of the end of what it was told it hears all the same. */
  readonly hears?: (alert: AlertId) => boolean;
  /** What it was told of lately, in whichever group, and how much it may be; left out, as much as there is. */
  readonly storm?: { readonly state: Storm; readonly limit: number };
}

/**
 * Decides what each channel is to be told, against what it was last told. Only-resolved and never told is nothing, nor is fired and resolved
 * between two flushes; what fires is told again after the repeat interval, which is rounded up to a multiple of groupInterval, unless
 * it is acknowledged. What is hidden is not told, and once it no longer is, told again. Of what flaps that is told once, and the end of what
 * was told waits until it is calm. Of what is more than a channel may be told of lately it is told when there is room again, if it fires
 * then. Messages belong to flush `group.flushNumber` of the returned group.
 *
 * A channel with `resendEvery` is told everything that fires again each time that has passed; a flush that is due for that alone leaves
 * every other channel as it is.
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
): { readonly messages: readonly FlushMessage[]; readonly group: GroupState; readonly storms: ReadonlyMap<ChannelId, Storm> } {
  const storms = new Map<ChannelId, Storm>();
  if (group.nextFlushAt === null || now < group.nextFlushAt) return { messages: [], group, storms };

  const whole = now >= (group.wholeFlushAt ?? group.nextFlushAt);
  const firing = memberIds(group).filter((id) => group.members[id]!.state === "firing");
  const flaps = (id: AlertId) => group.members[id]!.flapping !== undefined;
  const visible = firing.filter((id) => !suppressed.has(id) && !flaps(id));
  const unsaid = new Set(memberIds(group).filter((id) => group.members[id]!.flapping === "begun" && group.noticed?.includes(id) !== true));
  const notices = whole ? [...unsaid].filter((id) => !suppressed.has(id)) : [];
  // The end of what was told, or is told now, waits until its instance is calm.
  const knows = new Set([...unsaid, ...Object.values(group.told).flatMap(({ alerts }) => Object.keys(alerts) as AlertId[])]);
  const staying = memberIds(group).filter((id) => group.members[id]!.state === "firing" || (flaps(id) && knows.has(id)));
  const repeatAfter = Math.ceil(repeatInterval / timers.groupInterval) * timers.groupInterval;
  const messages: FlushMessage[] = [];
  // A channel that is switched off keeps what it was told of those that still fire: switched on again, it is not told a second time.
  const told: Record<ChannelId, Told> = Object.fromEntries(
    Object.entries(group.told).map(([channel, { at, alerts }]) => [channel, { at, alerts: whole ? pick(alerts, staying) : alerts }]),
  );
  const resends: number[] = [];
  const rooms: number[] = [];
  const heldBack: Record<ChannelId, readonly AlertId[]> = whole ? {} : { ...group.heldBack };
  for (const listener of channels) {
    const {
      id: channel,
      sendResolved = true,
      isStateful = false,
      hears = () => true,
      alertAMessage = false,
      resendEvery,
      storm,
    } = listener;
    if (!whole && resendEvery === undefined) continue;
    const before: Told = group.told[channel] ?? { at: now, alerts: {} };
    const unheard = [...visible, ...notices].filter((id) => hears(id) && !Object.hasOwn(before.alerts, id));
    if (storm !== undefined && unheard.length > 0) {
      const news = unheard.map((id) => ({ id, severity: group.members[id]!.severity }));
      const admitted = admit(storm.state, news, storm.limit, now);
      storms.set(channel, admitted.storm);
      heldBack[channel] = admitted.held;
      if (admitted.notice !== null) messages.push({ channel, kind: "firing", alerts: [], reason: "storm", storm: admitted.notice });
      if (admitted.roomAt !== null) rooms.push(admitted.roomAt);
    }
    const isHeldBack = new Set(storms.has(channel) ? heldBack[channel] : []);
    const heard = visible.filter((id) => hears(id) && !isHeldBack.has(id));
    const noticed = notices.filter((id) => hears(id) && !isHeldBack.has(id));
    const news = firingMessage(group, before, heard, now, resendEvery === undefined ? { repeatAfter } : { resendEvery });
    if (news !== null) messages.push(...firingMessages(channel, news, group, before, alertAMessage));

    const over = memberIds(group).filter((id) => group.members[id]!.state === "resolved" && Object.hasOwn(before.alerts, id));
    const ended = over.filter((id) => !flaps(id) && (isStateful || !suppressed.has(id)));
    const reason = staying.length === 0 ? "all resolved" : "some resolved";
    if (sendResolved) for (const alerts of split(ended, alertAMessage)) messages.push({ channel, kind: "resolved", alerts, reason });
    for (const alerts of split(noticed, alertAMessage)) messages.push({ channel, kind: "firing", alerts, reason: "flapping" });
    const at = news === null ? before.at : now;
    told[channel] = {
      at,
      alerts: {
        ...pick(before.alerts, staying),
        ...Object.fromEntries([...heard, ...noticed].map((id) => [id, group.members[id]!.severity])),
      },
    };
    if (resendEvery !== undefined && heard.length > 0) resends.push(at + resendEvery);
  }
  const hidden = staying.filter((id) => suppressed.has(id) || flaps(id));
  const open = staying.length > 0;
  const wholeFlushAt = whole
    ? Math.min(now + timers.groupInterval, ...hidden.map((id) => suppressed.get(id) ?? Infinity), ...rooms)
    : (group.wholeFlushAt ?? now);
  const nextFlushAt = Math.min(wholeFlushAt, ...resends);
  const lastNotifiedAt = messages.length > 0 ? now : group.lastNotifiedAt;
  const flushNumber = group.flushNumber + 1;
  const said = staying.filter((id) => flaps(id) && (group.noticed?.includes(id) === true || notices.includes(id)));
  const waiting = Object.fromEntries(Object.entries(heldBack).filter(([, ids]) => ids.length > 0));
  const withWaiting = Object.keys(waiting).length > 0 ? { heldBack: waiting } : {};
  if (!whole) {
    const { heldBack: _, ...resent } = group;
    return { messages, storms, group: { ...resent, nextFlushAt, wholeFlushAt, flushNumber, told, lastNotifiedAt, ...withWaiting } };
  }
  const isTold = Object.values(told).some(({ alerts }) => Object.keys(alerts).length > 0);
  const isWaiting = new Set(Object.values(waiting).flat());
  return {
    messages,
    storms,
    group: {
      nextFlushAt: open ? nextFlushAt : null,
      ...(open && nextFlushAt < wholeFlushAt ? { wholeFlushAt } : {}),
      // What is hidden does not make others wait that come later.
      lastFlushAt: visible.some((id) => !isWaiting.has(id)) || (open && isTold) ? now : null,
      flushNumber,
      members: pick(group.members, staying),
      told: open ? told : {},
      lastNotifiedAt,
      ...(hidden.length > 0 ? { held: hidden } : {}),
      ...withWaiting,
      ...(said.length > 0 ? { noticed: said } : {}),
    },
  };
}

function firingMessage(
  { members, held = [] }: GroupState,
  told: Told,
  firing: readonly AlertId[],
  now: number,
  again: { readonly repeatAfter: number } | { readonly resendEvery: number },
): Pick<FlushMessage, "alerts" | "reason"> | null {
  if (firing.some((id) => !Object.hasOwn(told.alerts, id))) {
    return { alerts: firing, reason: Object.keys(told.alerts).length === 0 ? "first" : "new alert" };
  }
  if (firing.some((id) => isRaised(members, told, id))) return { alerts: firing, reason: "severity raised" };
  if ("resendEvery" in again) {
    return firing.length > 0 && now - told.at >= again.resendEvery ? { alerts: firing, reason: "resend" } : null;
  }
  const open = firing.filter((id) => !isAcknowledged(members[id]!.acknowledged, now));
  if (open.some((id) => held.includes(id))) return { alerts: open, reason: "suppression ended" };
  return open.length > 0 && now - told.at >= again.repeatAfter ? { alerts: open, reason: "repeat" } : null;
}

/** One message of what fires; or, where each alert has a message of its own, one of each that is news or repeated. */
function firingMessages(
  channel: ChannelId,
  { alerts, reason }: Pick<FlushMessage, "alerts" | "reason">,
  { members, held = [] }: GroupState,
  told: Told,
  alertAMessage: boolean,
): readonly FlushMessage[] {
  const isNews = (id: AlertId) =>
    reason === "repeat" ||
    (reason === "suppression ended" && held.includes(id)) ||
    !Object.hasOwn(told.alerts, id) ||
    isRaised(members, told, id);
  return split(alertAMessage ? alerts.filter(isNews) : alerts, alertAMessage).map((one) => ({
    channel,
    kind: "firing",
    alerts: one,
    reason,
  }));
}

function split(alerts: readonly AlertId[], alertAMessage: boolean): readonly (readonly AlertId[])[] {
  if (alertAMessage) return alerts.map((id) => [id]);
  return alerts.length === 0 ? [] : [alerts];
}

function isRaised(members: GroupState["members"], { alerts }: Told, id: AlertId): boolean {
  return members[id]!.severity === "critical" && alerts[id] === "warning";
}

function memberIds({ members }: GroupState): readonly AlertId[] {
  return (Object.keys(members) as AlertId[]).toSorted();
}

function pick<Value>(record: Readonly<Record<AlertId, Value>>, ids: readonly AlertId[]): Record<AlertId, Value> {
  return Object.fromEntries(ids.filter((id) => Object.hasOwn(record, id)).map((id) => [id, record[id]!]));
}
