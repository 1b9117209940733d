import { event } from "../../shared/runtime/route.ts";
import { workOffDue } from "./due.ts";
import { forgetOldDeliveries } from "./forget.ts";
import { sealAnew } from "./seal-anew.ts";

export default event({
  consumer: "notify-due",
  deduplicate: "effect",
  on: {
    "tick.minute": (_data, _context, deps) => workOffDue(deps),
    async "tick.hour"(_data, _context, deps) {
      await forgetOldDeliveries(deps);
      await sealAnew(deps);
    },
  },
});
