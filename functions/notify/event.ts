import { event, orgOf } from "../../shared/runtime/route.ts";
import { deliver } from "./deliver.ts";
import { flushGroup } from "./flush.ts";
import { gather } from "./gather.ts";

export default event({
  consumer: "notify",
  deduplicate: "effect",
  on: {
    async "alert.changed"({ alert }, context, deps) {
      const org = orgOf(context);
      const due = await gather(org, alert, deps);
      if (due === null) return;
      if (due.flushAt > deps.clock.now()) {
        await deps.alarm.wakeAt(due.flushAt);
        return;
      }
      for (const delivery of await flushGroup(org, due.group, deps)) await deliver(org, delivery, deps);
    },
  },
});
