import * as v from "valibot";
import { DeliveryWithAttempts } from "../../shared/contract/channel.ts";
import { DeliveryId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { deliveryWithAttempts } from "../../shared/ports/delivery-answer.ts";
import { route } from "../../shared/runtime/route.ts";

export const getDelivery = route({
  method: "GET",
  path: "/api/v1/deliveries/{id}",
  summary: "Read how the sending of a message went, attempt by attempt",
  scope: "read",
  input: v.strictObject({ id: DeliveryId }),
  output: DeliveryWithAttempts,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const { deliveries } = store.forOrg(org);
    const delivery = await deliveries.get(id);
    if (delivery === null) throw notFound();
    return deliveryWithAttempts(delivery, await deliveries.attempts(id));
  },
});
