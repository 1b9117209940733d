import type { Alert } from "../../contract/alert.ts";
import type { GroupId } from "../../contract/ids.ts";
import type { IsoTime } from "../../contract/time.ts";
import { isoTime } from "../../contract/time.ts";
import { alertMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";

/** @see Standard Webhooks 1.0, "Payload structure". */
export interface WebhookBody {
  readonly type: "alert.firing" | "alert.acknowledged" | "alert.resolved" | "test" | "heartbeat";
  readonly timestamp: IsoTime;
  readonly data: {
    readonly alerts: readonly Alert[];
    readonly groupKey: GroupId | null;
    readonly reason: Notification["reason"];
    readonly title: string;
    /** Channels that it could not be delivered to; left out where there are none. */
    readonly failed?: Notification["failed"];
  };
}

/** The body of a webhook: the alerts as the API answers them, and what people would read. */
export function renderWebhook(notification: Notification): WebhookBody {
  const { kind, at, alerts, groupKey, reason, failed, heartbeat } = notification;
  return {
    type: heartbeat === true ? "heartbeat" : kind === "test" ? "test" : `alert.${kind}`,
    timestamp: isoTime(at),
    data: { alerts, groupKey, reason, title: alertMessage(notification).title, ...(failed === undefined ? {} : { failed }) },
  };
}
