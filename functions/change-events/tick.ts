import { event } from "../../shared/runtime/route.ts";
import { forgetOldChanges } from "./forget.ts";

export default event({
  consumer: "change-events-due",
  deduplicate: "effect",
  on: { "tick.hour": (_data, _context, deps) => forgetOldChanges(deps) },
});
