import * as v from "valibot";
import { Delivery, DeliveryStatus } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { deliveryAnswer } from "../../shared/ports/delivery-answer.ts";
import { route } from "../../shared/runtime/route.ts";

export const listDeliveries = route({
  method: "GET",
  path: "/api/v1/deliveries",
  summary: "List what was sent, or is still to be sent, newest first",
  scope: "read",
  input: v.strictObject({ ...pageQuery, status: v.optional(DeliveryStatus), channelId: v.optional(ChannelId) }),
  output: page(Delivery),
  problems: [],

  async handle({ limit, cursor, status, channelId: channel }, { org }, { store }) {
    const { items, nextCursor } = await store.forOrg(org).deliveries.list({ status, channel }, { limit, cursor });
    return { items: items.map(deliveryAnswer), nextCursor };
  },
});
