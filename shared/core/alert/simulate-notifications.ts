import type { AlertId, ChannelId } from "../../contract/ids.ts";
import { decideFlush } from "./flush.ts";
import type { FlushReason } from "./flush.ts";
import { addToGroup, DEFAULT_TIMERS, EMPTY_GROUP } from "./group.ts";
import type { GroupState, Member, Timers } from "./group.ts";
import type { SimulatedEpisode } from "./simulate.ts";
import type { Episode } from "./step.ts";
import type { Suppression } from "./suppression.ts";

/** A message that one channel would have got. */
export interface SimulatedNotification {
  /** Unix ms. */
  readonly at: number;
  readonly kind: "firing" | "resolved";
  readonly reason: FlushReason;
  readonly alerts: readonly AlertId[];
}

export interface Grouping {
  /** The rule's, ms. */
  readonly repeatInterval: number;
  /** The rule's, ms: so long after its time an evaluation is made, and what it changes is known. */
  readonly evalDelay: number;
  /** Where it ends, Unix ms. */
  readonly until: number;
  readonly timers?: Timers;
  /** What hides alerts, as they were told last, at a time, Unix ms: null where nothing does then, and nothing ever where it is left out. */
  readonly hides?: (at: number) => ((alert: Episode) => Suppression) | null;
}

/** Whoever is told, is told alike. */
const CHANNEL = "chn_simulated" as ChannelId;

/**
 * What a channel would have got of the episodes of one group: gathered, repeated and resolved as live flushes decide it, while nobody
 * acknowledges anything.
 *
 * @param episodes - Of all instances of the group, in any order.
 * @returns In their order.
 */
export function notificationsOf(
  episodes: readonly SimulatedEpisode[],
  { repeatInterval, evalDelay, until, timers = DEFAULT_TIMERS, hides }: Grouping,
): readonly SimulatedNotification[] {
  const changes = episodes.flatMap(({ told }) => told.map((one) => ({ ...one, at: one.at + evalDelay }))).toSorted((a, b) => a.at - b.at);
  const messages: SimulatedNotification[] = [];
  const known = new Map<AlertId, Episode>();
  let group: GroupState = EMPTY_GROUP;
  const hiddenAt = (at: number): ReadonlyMap<AlertId, number | null> => {
    const hidden = new Map<AlertId, number | null>();
    const suppressionOf = hides?.(at) ?? null;
    if (suppressionOf === null) return hidden;
    for (const alert of Object.keys(group.members) as AlertId[]) {
      const { by, until: end } = suppressionOf(known.get(alert)!);
      if (by.length > 0) hidden.set(alert, end);
    }
    return hidden;
  };
  /** The last flush that had nothing to tell: until something changes, those that follow it have nothing either, up to a repeat. */
  let idleSince: number | null = null;
  /** Those that ended, while more is said of their instance: people do not hear of their ends. */
  const overtaken = new Map<AlertId, null>();

  const flushUntil = (time: number): void => {
    while (group.nextFlushAt !== null && group.nextFlushAt < time) {
      const at = group.nextFlushAt;
      const hidden = new Map([...hiddenAt(at), ...overtaken]);
      const flushed = decideFlush(group, [{ id: CHANNEL }], at, repeatInterval, timers, hidden);
      ({ group } = flushed);
      idleSince = null;
      for (const { kind, reason, alerts } of flushed.messages) messages.push({ at, kind, reason, alerts });
      const toldAt = group.told[CHANNEL]?.at;
      if (flushed.messages.length > 0 || group.nextFlushAt === null || toldAt === undefined || group.held !== undefined) continue;
      idleSince = at;
      group = {
        ...group,
        nextFlushAt: firstHidden(group.nextFlushAt, Math.max(group.nextFlushAt, flushAtOrAfter(at, toldAt + repeatInterval))),
      };
    }
  };
  const flushAtOrAfter = (flush: number, time: number) => flush + Math.ceil((time - flush) / timers.groupInterval) * timers.groupInterval;

  /** The first flush from one to another at which something may be hidden; else the other. */
  const firstHidden = (from: number, to: number): number => {
    if (hides === undefined) return to;
    for (let at = from; at < to; at += timers.groupInterval) if (at > until || hides(at) !== null) return at;
    return to;
  };

  for (const { kind, at, episode, before = [] } of changes) {
    if (at > until) break;
    flushUntil(at);
    if (idleSince !== null && group.nextFlushAt !== null) {
      group = { ...group, nextFlushAt: Math.min(group.nextFlushAt, flushAtOrAfter(idleSince, at)) };
      idleSince = null;
    }
    const { id: alert, severity, resolvedAt } = episode;
    known.set(alert, episode);
    if (kind === "closed") overtaken.set(alert, null);
    for (const other of before) overtaken.set(other, null);
    const member: Member = { state: resolvedAt === null ? "firing" : "resolved", severity, acknowledged: null };
    ({ group } = addToGroup(group, { alert, ...member, ...(kind === "flapping" ? { flapping: "begun" } : {}) }, timers, at));
  }
  flushUntil(until + 1);
  return messages;
}
