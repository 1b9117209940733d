import * as v from "valibot";
import { Delivery } from "../../shared/contract/channel.ts";
import { DeliveryId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { deliveryAnswer } from "../../shared/ports/delivery-answer.ts";
import { route } from "../../shared/runtime/route.ts";
import { SUPERSEDED, UNTOLD } from "./dead.ts";

export const replayDelivery = route({
  method: "POST",
  path: "/api/v1/deliveries/{id}/replay",
  summary: "Send a dead message again, with all its attempts before it; receivers know it by the id that it had",
  scope: "admin",
  input: v.strictObject({ id: DeliveryId }),
  output: Delivery,
  status: 202,
  location: ({ id }) => `/api/v1/deliveries/${id}`,
  idempotency: "reserve",
  problems: ["not-found", "conflict"],

  async handle({ id }, { org }, { store, clock, alarm }) {
    const { deliveries, channels } = store.forOrg(org);
    const delivery = await deliveries.get(id);
    if (delivery === null) throw notFound();
    const channel = await channels.get(delivery.channel);
    if (channel?.enabled !== true)
      throw new Problem("conflict", "Its channel is disabled or gone. Enable it, then send the message again.");

    const now = clock.now();
    if (!(await deliveries.replay(id, { unless: SUPERSEDED, waited: UNTOLD }, now))) {
      throw new Problem("conflict", "It is not dead: it is still to be sent, was delivered, or another message said it all.");
    }
    await alarm.wakeAt(now);
    return deliveryAnswer((await deliveries.get(id))!);
  },
});
