import * as v from "valibot";
import { Delivery } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import type { DeliveryId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { deliveryAnswer } from "../../shared/ports/delivery-answer.ts";
import { route } from "../../shared/runtime/route.ts";

export const testChannel = route({
  method: "POST",
  path: "/api/v1/channels/{id}/test",
  summary: "Send a test message on a channel; how that goes is seen in its delivery",
  scope: "admin",
  input: v.strictObject({ id: ChannelId }),
  output: Delivery,
  status: 202,
  location: ({ id }) => `/api/v1/deliveries/${id}`,
  problems: ["not-found", "conflict"],

  async handle({ id }, { org }, { store, clock, newId, alarm }) {
    const { channels, deliveries } = store.forOrg(org);
    const channel = await channels.get(id);
    if (channel === null) throw notFound();
    if (!channel.enabled) throw new Problem("conflict", "The channel is disabled. Enable it, then test it.");

    const now = clock.now();
    const delivery = await deliveries.insert(
      {
        id: newId<DeliveryId>("dlv"),
        channel: id,
        group: null,
        kind: "test",
        alerts: [],
        payload: { kind: "test", reason: null, at: now, groupKey: null, alerts: [] },
        nextAttemptAt: now,
      },
      now,
    );
    await alarm.wakeAt(now);
    return deliveryAnswer(delivery);
  },
});
