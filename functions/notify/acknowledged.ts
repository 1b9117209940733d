import type { AlertId, DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { deliveryId } from "../../shared/core/alert/keys.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import { toldAlert } from "../../shared/core/message/told-alert.ts";
import type { Deps } from "../../shared/ports.ts";

/**
 * Tells the channels that keep incidents, and were told of an alert, that somebody has taken it on.
 * The same acknowledgement is told once, a later one again.
 * @returns Whether there is anything to be sent now.
 */
export async function tellAcknowledged(org: OrgId, id: AlertId, { store, clock }: Pick<Deps, "store" | "clock">): Promise<boolean> {
  const { alerts, channels, deliveries } = store.forOrg(org);
  const listeners = (await channels.enabled()).filter(({ kind }) => tellingOf(kind).acknowledgements === true);
  if (listeners.length === 0) return false;
  const alert = await alerts.get(id);
  if (alert === null || alert.episode.acknowledged === null || alert.episode.resolvedAt !== null) return false;

  const now = clock.now();
  let isTold = false;
  for (const { id: channel } of listeners) {
    const [firing] = await deliveries.firingsBefore({ id: "" as DeliveryId, channel, alerts: [id], createdAt: now + 1 });
    if (firing?.group == null) continue;
    const { group } = firing;
    const key = deliveryId({ org, channel, group, flush: alert.episode.acknowledged.at, kind: "acknowledged", members: [id] });
    const payload: Notification = {
      kind: "acknowledged",
      reason: null,
      at: now,
      groupKey: group,
      alerts: [toldAlert(alert, undefined, now)],
    };
    await deliveries.insert({ id: key, channel, group, kind: payload.kind, alerts: [id], payload, nextAttemptAt: now }, now);
    isTold = true;
  }
  return isTold;
}
