import type { DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { nextAttemptAt } from "../../shared/core/alert/retry.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import type { AttemptOutcome, ChannelRecord, DeliveryRecord } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";
import { send, SEND_TIMEOUT_MS } from "./send.ts";
import type { Sent } from "./send.ts";

/** Longer than any sending: who still holds the lease after that has died. */
const LEASE_MS = 3 * SEND_TIMEOUT_MS;
/** How long a resolve waits for a firing that is being sent right now. */
const WAIT_FOR_FIRING_MS = 2_000;

/**
 * Sends one delivery that is due: takes a lease on it, sends, and records how that went if the lease is still its own. Nothing happens
 * where it is not due, done, or in work elsewhere.
 */
export async function deliver(org: OrgId, id: DeliveryId, deps: Deps): Promise<void> {
  const { store, clock, alarm, newId } = deps;
  const { deliveries, channels } = store.forOrg(org);
  const owner = newId<string>("evt");
  const now = clock.now();
  const delivery = await deliveries.lease(id, owner, now + LEASE_MS, now);
  if (delivery === null) return;

  const outcome = await attempt(org, delivery, await channels.get(delivery.channel), deps);
  await deliveries.finish(id, owner, outcome);
  if (outcome.status === "retry" || outcome.status === "postponed") await alarm.wakeAt(outcome.at);
}

async function attempt(org: OrgId, delivery: DeliveryRecord, channel: ChannelRecord | null, deps: Deps): Promise<AttemptOutcome> {
  if (channel === null || !channel.enabled) return { status: "dead", lastStatus: null, lastError: "The channel is switched off or gone" };
  const hindered = delivery.kind === "resolved" ? await settleFirings(org, delivery, deps) : null;
  if (hindered !== null) return hindered;

  const now = deps.clock.now();
  const sent = await send({ org, delivery: delivery.id, channel, notification: delivery.payload as Notification, now }, deps);
  if (sent.outcome === "gone") {
    await deps.store.forOrg(org).channels.disable(channel.id, "Its receiver answered 410 Gone", deps.clock.now());
  }
  return outcomeOf(sent, delivery, channel, deps);
}

/**
 * A resolve waits for its firing. One that is being sent right now is waited for; one that did not get through so far is given up, and the
 * resolve tells both; where every firing died, nobody has to hear that it is over.
 */
async function settleFirings(org: OrgId, delivery: DeliveryRecord, { store, clock }: Deps): Promise<AttemptOutcome | null> {
  const { deliveries } = store.forOrg(org);
  const firings = await deliveries.firingsBefore(delivery);
  let superseded = false;
  for (const { id } of firings.filter(({ status }) => status === "waiting")) {
    superseded = (await deliveries.supersede(id, "Resolved before it got through: the resolve tells both")) || superseded;
  }
  const sending = firings.some(({ status }) => status === "sending");
  if (sending) return { status: "postponed", at: clock.now() + WAIT_FOR_FIRING_MS };
  const heardOf = superseded || firings.some(({ status }) => status === "delivered");
  return heardOf ? null : { status: "dead", lastStatus: null, lastError: "Its firing never got through" };
}

function outcomeOf({ outcome, status, error, retryAfterMs }: Sent, { attempts }: DeliveryRecord, { kind }: ChannelRecord, deps: Deps): AttemptOutcome {
  const at = deps.clock.now();
  if (outcome === "delivered") return { status: "delivered", at, lastStatus: status };
  const lastError = error ?? "The receiver failed";
  const next = outcome === "retry" ? nextAttemptAt(kind, attempts, at, deps.random.uniform(), retryAfterMs) : null;
  if (next === null) return { status: "dead", lastStatus: status, lastError };
  return { status: "retry", at: next, lastStatus: status, lastError };
}
