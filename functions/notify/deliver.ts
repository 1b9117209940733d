import type { AlertId, DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { nextAttemptAt } from "../../shared/core/alert/retry.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import { hideSecrets } from "../../shared/core/message/hide-secrets.ts";
import type { DueDelivery } from "../../shared/ports/alerting-due.ts";
import type { AttemptOutcome, ChannelRecord, DeliveryRecord } from "../../shared/ports/alerting.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import type { Deps } from "../../shared/ports.ts";
import { SUPERSEDED, UNTOLD } from "./dead.ts";
import { fallbackFor } from "./fallback.ts";
import { send, SEND_TIMEOUT_MS } from "./send.ts";
import type { Sent } from "./send.ts";

/** Longer than any sending: who still holds the lease after that has died. */
const LEASE_MS = 3 * SEND_TIMEOUT_MS;
/** How long a resolve waits for a firing that is being sent right now. */
const WAIT_FOR_FIRING_MS = 2_000;
/** Messages that a receiver gets at once. */
const AT_ONCE = 8;
/** What is kept of a receiver's answer, characters. */
const ANSWER_KEPT = 1_000;
/** Receivers that take one message so often only, ms. */
const GAPS_MS: Partial<Record<string, number>> = { slack: 1_000 };
/** However many wait for their turn, it is asked for again within this. */
const LONGEST_WAIT_MS = 5 * 60_000;
/** A heartbeat that is older says nothing any more. */
const HEARTBEAT_HOLDS_MS = 5 * 60_000;

/** An attempt that ended in an error of our own: what it was is for the log, not for the tenant. */
const FAULT: Sent = { outcome: "retry", status: null, error: "It could not be sent", retryAfterMs: null };

/**
 * Sends what is due of these. A channel whose receiver is slow holds up no other one, and a delivery that fails none at all.
 * @param until - When no more are begun, Unix ms.
 * @throws AggregateError once all had their turn.
 */
export async function deliverAll(deliveries: readonly DueDelivery[], until: number, deps: Deps): Promise<void> {
  const errors: unknown[] = [];
  const work = async (left: DueDelivery[]): Promise<void> => {
    for (let next = left.shift(); next !== undefined && deps.clock.now() < until; next = left.shift()) {
      await deliver(next.org, next.id, deps).catch((error: unknown) => errors.push(error));
    }
  };
  const channels = Map.groupBy(deliveries, ({ channel }) => channel).values();
  await Promise.all([...channels].flatMap((left) => Array.from({ length: Math.min(AT_ONCE, left.length) }, () => work(left))));
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} deliveries failed`, { cause: errors[0] });
}

/**
 * Sends one delivery that is due: takes a lease on it, sends, and records how that went if the lease is still its own. Nothing happens
 * where it is not due, done, or in work elsewhere.
 */
async function deliver(org: OrgId, id: DeliveryId, deps: Deps): Promise<void> {
  const { store, clock, alarm, newId } = deps;
  const { deliveries, channels } = store.forOrg(org);
  const owner = newId<string>("evt");
  const now = clock.now();
  const delivery = await deliveries.lease(id, owner, now + LEASE_MS, now);
  if (delivery === null) return;

  const channel = await channels.get(delivery.channel);
  const end = async ({ outcome, answer = null }: Ended): Promise<void> => {
    const fallback = outcome.status === "dead" ? await fallbackFor(org, delivery, channel, outcome.lastError, deps) : [];
    const isOurs = await deliveries.finish(id, owner, outcome, { at: clock.now(), answer, fallback });
    if (outcome.status === "retry" || outcome.status === "postponed") await alarm.wakeAt(outcome.at);
    else if (isOurs && fallback.length > 0) await alarm.wakeAt(Math.min(...fallback.map(({ nextAttemptAt: due }) => due)));
  };
  let ended: Ended;
  try {
    ended =
      channel !== null && (channel.enabled || closes(delivery, channel))
        ? await attempt(org, delivery, channel, deps)
        : { outcome: dead("The channel is switched off or gone") };
  } catch (error) {
    // A fault of ours, or a key that is missing, is tried again like a receiver's; while the database is away the lease runs out.
    if (channel !== null && !(error instanceof Unavailable)) await end({ outcome: outcomeOf(FAULT, delivery, channel, deps) });
    throw error;
  }
  await end(ended);
}

/** Whether it is the end of what a channel keeps, which it hears of although a person has switched it off. */
const closes = ({ kind: what }: DeliveryRecord, { kind, disabledReason }: ChannelRecord): boolean =>
  what === "resolved" && disabledReason === null && tellingOf(kind).isStateful === true;

/** How an attempt ended, and the beginning of what was answered. */
interface Ended {
  readonly outcome: AttemptOutcome;
  readonly answer?: string | null;
}

async function attempt(org: OrgId, delivery: DeliveryRecord, channel: ChannelRecord, deps: Deps): Promise<Ended> {
  const now = deps.clock.now();
  const { channels } = deps.store.forOrg(org);
  // Senders that died count too: a message that kills them is not sent for ever.
  if (nextAttemptAt(channel, delivery.attempts - 1, now, 0, null) === null) return { outcome: dead("Its last attempt never ended") };
  const { takenOver = [], ...payload } = delivery.payload;
  let notification: Notification = { ...payload, alerts: payload.alerts.filter(({ id }) => id === null || !takenOver.includes(id)) };
  if (notification.heartbeat === true && now - notification.at > HEARTBEAT_HOLDS_MS) return { outcome: dead("Too late for a heartbeat") };
  if (delivery.kind === "resolved" && notification.storm === undefined) {
    const settled = await settleFirings(org, delivery, channel, deps);
    if ("status" in settled) return { outcome: settled };
    notification = { ...notification, alerts: notification.alerts.filter(({ id }) => id !== null && settled.has(id)) };
  }
  if (delivery.kind === "acknowledged") {
    const unsaid = await withoutFiring(org, delivery, deps);
    if (unsaid !== null) return { outcome: unsaid };
  }
  const gapMs = GAPS_MS[channel.kind];
  const turnAt = gapMs === undefined ? null : await channels.takeTurn(channel.id, { gapMs, mostMs: LONGEST_WAIT_MS, now });
  if (turnAt !== null) return { outcome: { status: "postponed", at: turnAt } };

  const sent = await send({ org, delivery: delivery.id, channel, notification, now }, deps);
  if (sent.outcome === "gone") await channels.disable(channel.id, "Its receiver answered 410 Gone", deps.clock.now());
  const answer = sent.answer ? hideSecrets(sent.answer, openConfig(deps.secrets, org, channel), ANSWER_KEPT) : null;
  return { outcome: outcomeOf(sent, delivery, channel, deps), answer };
}

/**
 * A resolve waits for a firing that is being sent right now. Out of one that did not get through so far it takes what it tells of, and tells
 * both; what else such a firing tells stays in it.
 * @returns The alerts that the channel is to hear the end of: not those of which every firing died. Or why nothing is sent.
 */
async function settleFirings(
  org: OrgId,
  delivery: DeliveryRecord,
  { enabled }: ChannelRecord,
  { store, clock }: Deps,
): Promise<ReadonlySet<AlertId> | AttemptOutcome> {
  const { deliveries } = store.forOrg(org);
  const told = new Set<AlertId>(delivery.payload.tellsFiring);
  let isBeingSent = false;
  for (const { id, status, alerts, lastError, attempts, payload } of await deliveries.firingsBefore(delivery)) {
    const shared = alerts.filter((alert) => delivery.alerts.includes(alert));
    const isTold = status === "delivered" || (status === "dead" && lastError === SUPERSEDED);
    if (isTold) for (const alert of shared) told.add(alert);
    else if (status === "waiting" && (await deliveries.takeOver(id, shared, SUPERSEDED))) {
      // A channel that is switched off hears of the end of what it may have heard of, and of nothing else.
      if (enabled || attempts > 0) for (const alert of shared) told.add(alert);
    } else if (status === "dead") {
      for (const alert of shared) if (payload.takenOver?.includes(alert) === true) told.add(alert);
    } else isBeingSent = true;
  }
  if (isBeingSent) return { status: "postponed", at: clock.now() + WAIT_FOR_FIRING_MS };
  const heard = new Set(delivery.alerts.filter((alert) => told.has(alert)));
  return heard.size > 0 ? heard : dead(UNTOLD);
}

/** Why an acknowledgement is not sent, or not yet: its channel has not been told of the alert. null where it has. */
async function withoutFiring(org: OrgId, delivery: DeliveryRecord, { store, clock }: Deps): Promise<AttemptOutcome | null> {
  // Those of the same millisecond too: an alert may be taken on at once.
  const firings = await store.forOrg(org).deliveries.firingsBefore({ ...delivery, createdAt: delivery.createdAt + 1 });
  if (firings.some(({ status }) => status === "delivered")) return null;
  const due = firings.flatMap(({ status, nextAttemptAt: at }) => (status === "waiting" ? [at ?? 0] : status === "sending" ? [0] : []));
  if (due.length === 0) return dead(UNTOLD);
  return { status: "postponed", at: Math.max(clock.now() + WAIT_FOR_FIRING_MS, ...due) };
}

function outcomeOf(
  { outcome, status, error, retryAfterMs }: Sent,
  { attempts }: DeliveryRecord,
  channel: ChannelRecord,
  deps: Deps,
): AttemptOutcome {
  const at = deps.clock.now();
  if (outcome === "delivered") return { status: "delivered", at, lastStatus: status };
  const lastError = error ?? "The receiver failed";
  const next = outcome === "retry" ? nextAttemptAt(channel, attempts, at, deps.random.uniform(), retryAfterMs) : null;
  if (next === null) return dead(lastError, status);
  return { status: "retry", at: next, lastStatus: status, lastError };
}

const dead = (lastError: string, lastStatus: number | null = null): AttemptOutcome => ({ status: "dead", lastStatus, lastError });
