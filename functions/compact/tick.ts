import { each } from "../../shared/core/each.ts";
import { event } from "../../shared/runtime/route.ts";
import { compactOrg } from "./compact.ts";
import { expireOrg, expiringOrgs, forgetDeadLetters } from "./expire.ts";

/** A log that does not get full is worth a pass now and then. A shorter one waits for more: reading it costs little. */
const WORTH_ROWS = 8;
const WAITS_MS = 10 * 60_000;

export default event({
  consumer: "compact-due",
  deduplicate: "effect",
  on: {
    async "tick.minute"(_data, { now }, deps) {
      const due = await deps.store.platform.compaction.due({ rows: WORTH_ROWS, before: now - WAITS_MS });
      await each(due, "compactions", (org) => compactOrg(org, deps));
    },
    async "tick.hour"(_data, _context, deps) {
      await forgetDeadLetters(deps);
      await each(expiringOrgs(deps), "retentions", (org) => expireOrg(org, deps));
    },
  },
});
