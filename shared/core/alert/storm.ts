import type { AlertId, ChannelId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";

/** How long what a channel was told of counts. */
export const STORM_WINDOW_MS = 600_000;
/** A storm is over when nothing was held back for so long: what is held back is looked at at least once a window. */
const STORM_ENDS_AFTER_MS = 1.5 * STORM_WINDOW_MS;
/** This share of the limit is left to critical alerts, however many warnings there are. */
const CRITICAL_SHARE = 0.2;

/** What is kept of a channel, so that it is not told of more than people can read. JSON-safe, times in Unix ms. */
export interface Storm {
  /** Of how many new alerts it was told, and when; oldest first, those alone that count still. */
  readonly told: readonly { readonly at: number; readonly alerts: number }[];
  /** When an alert was last held back; null where none is. */
  readonly heldAt: number | null;
}

/** Of a channel that was told of nothing so far. */
export const CALM: Storm = { told: [], heldAt: null };

/** What a channel is told when a storm begins, and when it is over. */
export interface StormNotice {
  /** New alerts that it was told of within the window. */
  readonly told: number;
  /** Those that were held back when it began. */
  readonly held: number;
  /** Others are held back until it is told of fewer than these within the window. */
  readonly until: number;
}

/**
 * A warning that was held back waits until its channel was told of fewer new alerts than this, so that those that wait are told together.
 */
const calmBelow = (limit: number): number => Math.ceil(limit / 2);

// A time that is further off, either way, was written by a clock that was wrong.
const isWithin = (ms: number, at: number, now: number): boolean => Math.abs(now - at) < ms;

const HELD_BACK = "storm_limit:";

/** As an alert shows that a channel was not told of it because of a storm. */
export const heldBackFrom = (channel: ChannelId): string => `${HELD_BACK}${channel}`;

/** The channels that were not told of an alert because of a storm, by what the alert shows. */
export const heldBackOf = (suppressedBy: readonly string[]): readonly ChannelId[] =>
  suppressedBy.flatMap((one) => (one.startsWith(HELD_BACK) ? [one.slice(HELD_BACK.length) as ChannelId] : []));

/** Whether alerts of a channel are held back, or were until a moment ago. */
export const isStorm = ({ heldAt }: Storm, now: number): boolean => heldAt !== null && isWithin(STORM_ENDS_AFTER_MS, heldAt, now);

/** When a storm is over where nothing more is held back, Unix ms; null where there is none. */
export const stormOverAt = ({ heldAt }: Storm): number | null => (heldAt === null ? null : heldAt + STORM_ENDS_AFTER_MS);

/**
 * Decides which new alerts a channel is told of now: never more than `limit` within a window, critical ones first. Warnings leave room for
 * critical ones, and once one was held back wait until half of the limit is free, so that those that wait are told together.
 *
 * @param news - Alerts that fire and that it was not told of.
 * @param limit - >= 1.
 * @param now - Unix ms.
 * @returns Those that are held back; when there will be room for one of them, Unix ms, null where none is; and what to say where this is
 *   the first time that one is.
 */
export function admit(
  storm: Storm,
  news: readonly { readonly id: AlertId; readonly severity: Severity }[],
  limit: number,
  now: number,
): { readonly storm: Storm; readonly held: readonly AlertId[]; readonly roomAt: number | null; readonly notice: StormNotice | null } {
  const recent = storm.told.filter(({ at }) => isWithin(STORM_WINDOW_MS, at, now));
  const before = recent.reduce((sum, { alerts }) => sum + alerts, 0);
  const goes = isStorm(storm, now);

  const critical = news.filter(({ severity }) => severity === "critical");
  const others = news.filter(({ severity }) => severity !== "critical");
  const tellsCritical = Math.min(critical.length, Math.max(0, limit - before));
  const room = goes && before >= calmBelow(limit) ? 0 : limit - Math.floor(limit * CRITICAL_SHARE) - before - tellsCritical;
  const tellsOthers = Math.min(others.length, Math.max(0, room));
  const heldCritical = critical.slice(tellsCritical);
  const held = [...heldCritical, ...others.slice(tellsOthers)].map(({ id }) => id);

  const alerts = tellsCritical + tellsOthers;
  const told = alerts === 0 ? recent : [...recent, { at: now, alerts }];
  const after = { told, heldAt: held.length > 0 ? now : goes ? storm.heldAt : null };
  const notice = held.length > 0 && !goes ? { told: before + alerts, held: held.length, until: calmBelow(limit) } : null;
  return { storm: after, held, roomAt: held.length > 0 ? roomAt(told, heldCritical.length > 0 ? limit : calmBelow(limit)) : null, notice };
}

/** When fewer than so many will count. */
function roomAt(told: Storm["told"], fewerThan: number): number | null {
  let left = told.reduce((sum, { alerts }) => sum + alerts, 0);
  for (const { at, alerts } of told) {
    left -= alerts;
    if (left < fewerThan) return at + STORM_WINDOW_MS;
  }
  return null;
}
