import { event } from "../../shared/runtime/route.ts";
import { forgetOld } from "./forget.ts";
import { sweepOutbox } from "./sweep.ts";

export default event({
  consumer: "relay",
  deduplicate: "effect",
  on: {
    "tick.minute": (_data, context, deps) => sweepOutbox(context, deps),
    "tick.hour": (_data, context, deps) => forgetOld(context, deps),
  },
});
