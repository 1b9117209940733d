import { event, orgOf } from "../../shared/runtime/route.ts";
import { tellAcknowledged } from "./acknowledged.ts";
import { deliverAll } from "./deliver.ts";
import { flushGroup } from "./flush.ts";
import { gather } from "./gather.ts";
import { reviewAlert } from "./review.ts";

export default event({
  consumer: "notify",
  deduplicate: "effect",
  on: {
    async "alert.changed"({ alert, to }, context, deps) {
      const org = orgOf(context);
      if (to === "acknowledged") await deliverAll(await tellAcknowledged(org, alert, deps), deps);
      const due = await gather(org, alert, deps);
      await reviewAlert(org, alert, deps);
      for (const { group, flushAt } of due) {
        if (flushAt > deps.clock.now()) {
          await deps.alarm.wakeAt(flushAt);
          continue;
        }
        const deliveries = await flushGroup(org, group, deps);
        await deliverAll(
          deliveries.map((id) => ({ org, id })),
          deps,
        );
      }
    },
  },
});
