import type { AlertId, DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { MOST_FALLBACKS } from "../../shared/core/alert/fallback.ts";
import { fallbackDeliveryId } from "../../shared/core/alert/keys.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import type { ChannelRecord, DeliveryRecord, NewDelivery } from "../../shared/ports/alerting.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/ports.ts";
import { SUPERSEDED } from "./dead.ts";

/**
 * What the fallback channel is sent for a message that is about to be dead: the same, with who did not get it and why; a message of each
 * alert where it is told one alert a message.
 * @returns Nothing where there is no fallback, where the channel was switched off by hand, and where three have tried already.
 */
export async function fallbackFor(
  org: OrgId,
  delivery: DeliveryRecord,
  channel: ChannelRecord | null,
  reason: string,
  { store, clock }: Deps,
): Promise<readonly NewDelivery[]> {
  const { id, group, kind } = delivery;
  const { takenOver = [], ...payload } = delivery.payload;
  const failed = payload.failed ?? [];
  // What is said again soon anyway, or means nothing elsewhere, is nobody else's.
  const isOwn = payload.heartbeat === true || payload.storm !== undefined || payload.reason === "resend" || kind === "acknowledged";
  if (channel?.fallback == null || isOwn || failed.length >= MOST_FALLBACKS) return [];
  const isOffByHand = !channel.enabled && channel.disabledReason === null;
  if (isOffByHand && failed.length === 0) return [];

  const tenant = store.forOrg(org);
  const instead = await tenant.channels.get(channel.fallback);
  const untold = kind === "resolved" ? await untoldFirings(delivery, tenant) : [];
  const about = (alerts: readonly AlertId[], key: DeliveryId): NewDelivery => {
    const unheard = untold.filter((alert) => alerts.includes(alert));
    return {
      id: key,
      channel: channel.fallback!,
      group,
      kind,
      alerts,
      payload: {
        ...payload,
        alerts: payload.alerts.filter((alert) => alert.id === null || alerts.includes(alert.id)),
        failed: [...failed, { channel: channel.name, reason }],
        ...(unheard.length === 0 ? {} : { tellsFiring: unheard }),
      },
      nextAttemptAt: clock.now(),
    };
  };
  const alerts = delivery.alerts.filter((alert) => !takenOver.includes(alert));
  const isSplit = alerts.length > 1 && instead !== null && tellingOf(instead.kind).alertAMessage === true;
  return isSplit ? alerts.map((alert) => about([alert], fallbackDeliveryId(id, alert))) : [about(alerts, fallbackDeliveryId(id))];
}

/** Alerts whose firing a resolve took over, so that nobody has heard of them if it is dead. */
async function untoldFirings(delivery: DeliveryRecord, { deliveries }: Pick<OrgStore, "deliveries">): Promise<readonly AlertId[]> {
  const wanted = new Set(delivery.payload.tellsFiring);
  const told = new Set<AlertId>();
  for (const { status, lastError, alerts, payload } of await deliveries.firingsBefore(delivery)) {
    for (const alert of alerts) {
      const isTakenOver = payload.takenOver?.includes(alert) === true;
      if (isTakenOver || (status === "dead" && lastError === SUPERSEDED)) wanted.add(alert);
      else if (status === "delivered") told.add(alert);
    }
  }
  return delivery.alerts.filter((alert) => wanted.has(alert) && !told.has(alert));
}
