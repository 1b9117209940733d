import type { AlertId } from "../../shared/contract/ids.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { labelsOf } from "../../shared/core/message/alertmanager.ts";
import type { FormerLabels } from "../../shared/core/message/alertmanager.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import type { ToldLabels } from "../../shared/ports/told-labels.ts";
import type { Deps } from "../../shared/ports.ts";
import type { Sending, Sent } from "./send.ts";

/** There was nothing left to send. */
const DELIVERED: Sent = { outcome: "delivered", status: null, error: null, retryAfterMs: null };

/**
 * Sends to a receiver that knows an alert by its labels, and has it end what it may have open under others. What it is told is written down
 * before, so that whoever dies on the way leaves nothing open. Of what it was told something newer of meanwhile it is told nothing: that
 * would end what is open now.
 */
export async function endFormerLabels(
  { org, channel, notification }: Sending,
  { store }: Pick<Deps, "store">,
  send: (notification: Notification, former: FormerLabels) => Promise<Sent>,
): Promise<Sent> {
  const { toldLabels, deliveries } = store.forOrg(org);
  const { kind, at } = notification;
  const asked = kind === "firing" ? notification.alerts.flatMap(({ id }) => id ?? []) : [];
  const overtaken: ReadonlySet<AlertId | null> = asked.length === 0 ? new Set() : await deliveries.toldSince(channel.id, asked, at);
  const alerts = notification.alerts.filter(({ id }) => !overtaken.has(id));
  if (overtaken.size > 0 && alerts.length === 0) return DELIVERED;
  const present: readonly ToldLabels[] = alerts.flatMap((alert) =>
    alert.id === null ? [] : [{ alert: alert.id, labels: canonicalJson(labelsOf(alert)) }],
  );
  if (present.length === 0) return send(notification, new Map());
  const ids = present.map(({ alert }) => alert);
  const isPresent = new Map(present.map(({ alert, labels }) => [alert, labels]));
  const known = await toldLabels.of(channel.id, ids);
  const isKnown = new Set(known.filter(({ alert, labels }) => isPresent.get(alert) === labels).map(({ alert }) => alert));
  const former = known.filter(({ alert, labels }) => isPresent.get(alert) !== labels);
  const news = kind === "resolved" ? [] : present.filter(({ alert }) => !isKnown.has(alert));
  if (news.length > 0) await toldLabels.insert(channel.id, news);

  const sent = await send({ ...notification, alerts }, byAlert(former));
  const ended = kind === "resolved" ? known : former;
  if (sent.outcome === "delivered" && ended.length > 0) await toldLabels.remove(channel.id, ended);
  return sent;
}

function byAlert(told: readonly ToldLabels[]): FormerLabels {
  const byId = new Map<AlertId, Record<string, string>[]>();
  for (const { alert, labels } of told) byId.set(alert, [...(byId.get(alert) ?? []), JSON.parse(labels) as Record<string, string>]);
  return byId;
}
