import { event } from "../../shared/runtime/route.ts";
import { evaluateAll } from "./evaluate.ts";

export default event({
  consumer: "alert-evaluate-due",
  deduplicate: "effect",
  on: { "tick.minute": (_data, _context, deps) => evaluateAll(deps) },
});
