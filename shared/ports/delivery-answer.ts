import type { Delivery, DeliveryWithAttempts } from "../contract/channel.ts";
import { isoTime, isoTimeOrNull } from "../contract/time.ts";
import type { AttemptRecord, DeliveryRecord } from "./alerting.ts";

/** A delivery as the API shows it: without what it says, and with a time of its next attempt only while it waits for one. */
export const deliveryAnswer = (delivery: DeliveryRecord): Delivery => ({
  id: delivery.id,
  channelId: delivery.channel,
  kind: delivery.kind,
  alerts: [...delivery.alerts],
  status: delivery.status,
  attempts: delivery.attempts,
  createdAt: isoTime(delivery.createdAt),
  nextAttemptAt: delivery.status === "waiting" ? isoTimeOrNull(delivery.nextAttemptAt) : null,
  deliveredAt: isoTimeOrNull(delivery.deliveredAt),
  lastStatus: delivery.lastStatus,
  lastError: delivery.lastError,
});

/** The same with how each attempt went. */
export const deliveryWithAttempts = (delivery: DeliveryRecord, attempts: readonly AttemptRecord[]): DeliveryWithAttempts => ({
  ...deliveryAnswer(delivery),
  replays: delivery.replays,
  attemptLog: attempts.map((attempt) => ({ ...attempt, at: isoTime(attempt.at) })),
});
