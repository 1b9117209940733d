import { event, orgOf } from "../../shared/runtime/route.ts";
import { tellAcknowledged } from "./acknowledged.ts";
import { gather } from "./gather.ts";
import { reviewAlert } from "./review.ts";

export default event({
  consumer: "notify",
  deduplicate: "effect",
  on: {
    // What is due is flushed and sent by whom the alarm wakes: a receiver that is slow holds up no other event.
    async "alert.changed"({ alert, to }, context, deps) {
      const org = orgOf(context);
      const dueAt = to === "acknowledged" && (await tellAcknowledged(org, alert, deps)) ? [deps.clock.now()] : [];
      for (const { flushAt } of await gather(org, [alert], deps)) dueAt.push(flushAt);
      await reviewAlert(org, alert, deps);
      for (const at of dueAt) await deps.alarm.wakeAt(at);
    },
  },
});
