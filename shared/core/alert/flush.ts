import type { AlertId, ChannelId } from "../../contract/ids.ts";
import { DEFAULT_TIMERS, memberIds } from "./group.ts";
import type { GroupState, Timers, Told } from "./group.ts";
import { isAcknowledged } from "./status.ts";
import { admit } from "./storm.ts";
import type { Storm, StormNotice } from "./storm.ts";
import type { Telling } from "./telling.ts";

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
  if (group.nextFlushAt === null || now < group.nextFlushAt) return { messages: [], group, storms: new Map() };

  const standing = standingOf(group, suppressed, now);
  const { whole, staying } = standing;
  const repeatAfter = Math.ceil(repeatInterval / timers.groupInterval) * timers.groupInterval;
  const listening = whole ? channels : channels.filter(({ resendEvery }) => resendEvery !== undefined);
  const outcomes = listening.map((listener) => ({ channel: listener.id, ...tellListener(group, standing, listener, repeatAfter, now) }));
  const messages = outcomes.flatMap((one) => one.messages);
  const admitted = outcomes.flatMap(({ channel, admitted: one }) => (one === null ? [] : [{ channel, ...one }]));
  const storms = new Map(admitted.map(({ channel, storm }) => [channel, storm]));

  // A channel that is switched off keeps what it was told of those that still fire: switched on again, it is not told a second time.
  const told: Record<ChannelId, Told> = Object.fromEntries([
    ...Object.entries(group.told).map(([channel, { at, alerts }]) => [channel, { at, alerts: whole ? pick(alerts, staying) : alerts }]),
    ...outcomes.map((one) => [one.channel, one.told]),
  ]);
  const heldBack: Record<ChannelId, readonly AlertId[]> = {
    ...(whole ? {} : group.heldBack),
    ...Object.fromEntries(admitted.map(({ channel, held }) => [channel, held])),
  };
  const waiting = Object.fromEntries(Object.entries(heldBack).filter(([, ids]) => ids.length > 0));
  const hidden = staying.filter((id) => suppressed.has(id) || standing.flaps(id));
  const again = [...hidden.map((id) => suppressed.get(id)), ...admitted.map(({ roomAt }) => roomAt)];
  const wholeFlushAt = whole ? Math.min(now + timers.groupInterval, ...again.map((at) => at ?? Infinity)) : (group.wholeFlushAt ?? now);
  const flushed = {
    nextFlushAt: Math.min(wholeFlushAt, ...outcomes.map(({ resendAt }) => resendAt ?? Infinity)),
    wholeFlushAt,
    flushNumber: group.flushNumber + 1,
    told,
    lastNotifiedAt: messages.length > 0 ? now : group.lastNotifiedAt,
    ...(Object.keys(waiting).length > 0 ? { heldBack: waiting } : {}),
  };
  if (whole) return { messages, storms, group: wholeGroup(group, flushed, { ...standing, hidden }, now) };
  const { heldBack: _, ...resent } = group;
  return { messages, storms, group: { ...resent, ...flushed } };
}

/** How the alerts of a group stand at a flush. */
interface Standing {
  /** false: it is flushed for those alone that are told again in between. */
  readonly whole: boolean;
  readonly flaps: (id: AlertId) => boolean;
  readonly suppressed: ReadonlyMap<AlertId, number | null>;
  /** Those that fire and may be told. */
  readonly visible: readonly AlertId[];
  /** Those of which it is to be told that they flap. */
  readonly notices: readonly AlertId[];
  /** Those that stay in the group. */
  readonly staying: readonly AlertId[];
}

function standingOf(group: GroupState, suppressed: Standing["suppressed"], now: number): Standing {
  const { members, noticed, told } = group;
  const whole = now >= (group.wholeFlushAt ?? group.nextFlushAt ?? now);
  const ids = memberIds(group);
  const flaps = (id: AlertId) => members[id]!.flapping !== undefined;
  const visible = ids.filter((id) => members[id]!.state === "firing" && !suppressed.has(id) && !flaps(id));
  const unsaid = ids.filter((id) => members[id]!.flapping === "begun" && noticed?.includes(id) !== true);
  const notices = whole ? unsaid.filter((id) => !suppressed.has(id)) : [];
  // The end of what was told, or is told now, waits until its instance is calm.
  const knows = new Set([...unsaid, ...Object.values(told).flatMap(({ alerts }) => Object.keys(alerts) as AlertId[])]);
  const staying = ids.filter((id) => members[id]!.state === "firing" || (flaps(id) && knows.has(id)));
  return { whole, flaps, suppressed, visible, notices, staying };
}

/**
 * What one channel is to be told.
 * @returns The messages, what it was told of from then on, and when it is to be told again of what still fires, Unix ms; `admitted` is null
 *   where no storm was asked.
 */
function tellListener(
  group: GroupState,
  { flaps, suppressed, visible, notices, staying }: Standing,
  listener: Listener,
  repeatAfter: number,
  now: number,
): {
  readonly messages: readonly FlushMessage[];
  readonly told: Told;
  readonly resendAt: number | null;
  readonly admitted: ReturnType<typeof admit> | null;
} {
  const { id: channel, sendResolved = true, isStateful = false, hears = () => true, alertAMessage = false, resendEvery, storm } = listener;
  const { members } = group;
  const before: Told = group.told[channel] ?? { at: now, alerts: {} };
  const unheard = [...visible, ...notices].filter((id) => hears(id) && !Object.hasOwn(before.alerts, id));
  const news = unheard.map((id) => ({ id, severity: members[id]!.severity }));
  const admitted = storm === undefined || news.length === 0 ? null : admit(storm.state, news, storm.limit, now);
  const isHeldBack = new Set(admitted?.held);
  const heard = visible.filter((id) => hears(id) && !isHeldBack.has(id));
  const noticed = notices.filter((id) => hears(id) && !isHeldBack.has(id));

  const messages: FlushMessage[] = [];
  const notice = admitted?.notice ?? null;
  if (notice !== null) messages.push({ channel, kind: "firing", alerts: [], reason: "storm", storm: notice });
  const firing = firingMessage(group, before, heard, now, resendEvery === undefined ? { repeatAfter } : { resendEvery });
  if (firing !== null) messages.push(...firingMessages(channel, firing, group, before, alertAMessage));
  const over = memberIds(group).filter((id) => members[id]!.state === "resolved" && Object.hasOwn(before.alerts, id));
  const ended = over.filter((id) => !flaps(id) && (isStateful || !suppressed.has(id)));
  const reason = staying.length === 0 ? "all resolved" : "some resolved";
  if (sendResolved) for (const alerts of split(ended, alertAMessage)) messages.push({ channel, kind: "resolved", alerts, reason });
  for (const alerts of split(noticed, alertAMessage)) messages.push({ channel, kind: "firing", alerts, reason: "flapping" });

  const at = firing === null ? before.at : now;
  const known = Object.fromEntries([...heard, ...noticed].map((id) => [id, members[id]!.severity]));
  return {
    messages,
    told: { at, alerts: { ...pick(before.alerts, staying), ...known } },
    resendAt: resendEvery === undefined || heard.length === 0 ? null : at + resendEvery,
    admitted,
  };
}

/** A group after it was flushed as a whole. */
function wholeGroup(
  group: GroupState,
  {
    nextFlushAt,
    wholeFlushAt,
    told,
    heldBack = {},
    ...flushed
  }: Omit<GroupState, "members" | "lastFlushAt"> & { nextFlushAt: number; wholeFlushAt: number },
  { flaps, visible, notices, staying, hidden }: Standing & { readonly hidden: readonly AlertId[] },
  now: number,
): GroupState {
  const open = staying.length > 0;
  const isTold = Object.values(told).some(({ alerts }) => Object.keys(alerts).length > 0);
  const isWaiting = new Set(Object.values(heldBack).flat());
  const said = staying.filter((id) => flaps(id) && (group.noticed?.includes(id) === true || notices.includes(id)));
  return {
    ...flushed,
    nextFlushAt: open ? nextFlushAt : null,
    ...(open && nextFlushAt < wholeFlushAt ? { wholeFlushAt } : {}),
    // What is hidden does not make others wait that come later.
    lastFlushAt: visible.some((id) => !isWaiting.has(id)) || (open && isTold) ? now : null,
    members: pick(group.members, staying),
    told: open ? told : {},
    ...(hidden.length > 0 ? { held: hidden } : {}),
    ...(isWaiting.size > 0 ? { heldBack } : {}),
    ...(said.length > 0 ? { noticed: said } : {}),
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

function pick<Value>(record: Readonly<Record<AlertId, Value>>, ids: readonly AlertId[]): Record<AlertId, Value> {
  return Object.fromEntries(ids.filter((id) => Object.hasOwn(record, id)).map((id) => [id, record[id]!]));
}
