import type { AlertId, OrgId } from "../../shared/contract/ids.ts";
import { MOST_FALLBACKS } from "../../shared/core/alert/fallback.ts";
import { fallbackDeliveryId } from "../../shared/core/alert/keys.ts";
import type { ChannelRecord, DeliveryRecord, NewDelivery } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";
import { SUPERSEDED } from "./dead.ts";

/**
 * What the fallback channel is sent for a message that is about to be dead: the same, with who did not get it and why.
 * @returns null where there is no fallback, where the channel was switched off by hand, and where three have tried already.
 */
export async function fallbackFor(
  org: OrgId,
  delivery: DeliveryRecord,
  channel: ChannelRecord | null,
  reason: string,
  { store, clock }: Deps,
): Promise<NewDelivery | null> {
  const { id, group, kind, alerts, payload } = delivery;
  const failed = payload.failed ?? [];
  // What is said again soon anyway, or means nothing elsewhere, is nobody else's.
  const isOwn = payload.heartbeat === true || payload.reason === "resend" || kind === "acknowledged";
  if (channel?.fallback == null || isOwn || failed.length >= MOST_FALLBACKS) return null;
  const isOffByHand = !channel.enabled && channel.disabledReason === null;
  if (isOffByHand && failed.length === 0) return null;

  const untold = kind === "resolved" ? await untoldFirings(delivery, store.forOrg(org)) : [];
  return {
    id: fallbackDeliveryId(id),
    channel: channel.fallback,
    group,
    kind,
    alerts,
    payload: {
      ...payload,
      failed: [...failed, { channel: channel.name, reason }],
      ...(untold.length === 0 ? {} : { tellsFiring: untold }),
    },
    nextAttemptAt: clock.now(),
  };
}

/** Alerts whose firing a resolve took in, so that nobody has heard of them if it is dead. */
async function untoldFirings(delivery: DeliveryRecord, { deliveries }: ReturnType<Deps["store"]["forOrg"]>): Promise<readonly AlertId[]> {
  const firings = await deliveries.firingsBefore(delivery);
  const told = new Set(firings.filter(({ status }) => status === "delivered").flatMap(({ alerts }) => alerts));
  const takenIn = firings.filter(({ status, lastError }) => status === "dead" && lastError === SUPERSEDED).flatMap(({ alerts }) => alerts);
  const wanted = new Set([...takenIn, ...(delivery.payload.tellsFiring ?? [])]);
  return delivery.alerts.filter((alert) => wanted.has(alert) && !told.has(alert));
}
