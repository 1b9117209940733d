import * as v from "valibot";
import { Delivery } from "../../shared/contract/channel.ts";
import { DeliveryId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { deliveryAnswer } from "../../shared/ports/delivery-answer.ts";
import { route } from "../../shared/runtime/route.ts";

export const getDelivery = route({
  method: "GET",
  path: "/api/v1/deliveries/{id}",
  summary: "Read how the sending of a message went",
  scope: "read",
  input: v.strictObject({ id: DeliveryId }),
  output: Delivery,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const delivery = await store.forOrg(org).deliveries.get(id);
    if (delivery === null) throw notFound();
    return deliveryAnswer(delivery);
  },
});
