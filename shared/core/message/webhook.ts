import type { Alert } from "../../contract/alert.ts";
import type { GroupId } from "../../contract/ids.ts";
import type { IsoTime } from "../../contract/time.ts";
import { isoTime } from "../../contract/time.ts";
import type { StormNotice } from "../alert/storm.ts";
import { alertMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";

/** @see Standard Webhooks 1.0, "Payload structure". */
export interface WebhookBody {
  readonly type: "alert.firing" | "alert.acknowledged" | "alert.resolved" | "storm.begun" | "storm.over" | "test" | "heartbeat";
  readonly timestamp: IsoTime;
  readonly data: {
    readonly alerts: readonly Alert[];
    readonly groupKey: GroupId | null;
    readonly reason: Notification["reason"];
    readonly title: string;
    /** What there is too much of; left out where there is not. */
    readonly storm?: StormNotice;
    /** Channels that it could not be delivered to; left out where there are none. */
    readonly failed?: Notification["failed"];
  };
}

/** The body of a webhook: the alerts as the API answers them, and what people would read. */
export function renderWebhook(notification: Notification): WebhookBody {
  const { at, alerts, groupKey, reason, failed, storm } = notification;
  const title = alertMessage(notification).title;
  const more = { ...(storm === undefined || storm === "over" ? {} : { storm }), ...(failed === undefined ? {} : { failed }) };
  return { type: typeOf(notification), timestamp: isoTime(at), data: { alerts, groupKey, reason, title, ...more } };
}

function typeOf({ kind, heartbeat, storm }: Notification): WebhookBody["type"] {
  if (heartbeat === true) return "heartbeat";
  if (storm !== undefined) return storm === "over" ? "storm.over" : "storm.begun";
  return kind === "test" ? "test" : `alert.${kind}`;
}
