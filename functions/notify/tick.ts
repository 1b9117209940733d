import { event } from "../../shared/runtime/route.ts";
import { workOffDue } from "./due.ts";
import { forgetOldDeliveries } from "./forget.ts";

export default event({
  consumer: "notify-due",
  deduplicate: "effect",
  on: {
    "tick.minute": (_data, _context, deps) => workOffDue(deps),
    "tick.hour": (_data, _context, deps) => forgetOldDeliveries(deps),
  },
});
