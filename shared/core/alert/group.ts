import type { AlertId, ChannelId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";

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

/** The members of a group, in the order of their ids. */
export function memberIds({ members }: GroupState): readonly AlertId[] {
  return (Object.keys(members) as AlertId[]).toSorted();
}
