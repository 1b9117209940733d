import { each } from "../../shared/core/each.ts";
import { event } from "../../shared/runtime/route.ts";
import { beat, orgsWithBeatDue } from "./beat.ts";

export default event({
  consumer: "watchdog",
  deduplicate: "effect",
  on: { "tick.minute": (_data, _context, deps) => each(orgsWithBeatDue(deps), "heartbeats", (org) => beat(org, deps)) },
});
