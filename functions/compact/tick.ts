import { each } from "../../shared/core/each.ts";
import { event } from "../../shared/runtime/route.ts";
import { compactOrg } from "./compact.ts";
import { expireOrg, expiringOrgs, forgetDeadLetters } from "./expire.ts";

/** A shorter log waits for more: reading it costs little. */
const WORTH_ROWS = 8;

export default event({
  consumer: "compact-due",
  deduplicate: "effect",
  on: {
    async "tick.minute"(_data, _context, deps) {
      await each(await deps.store.platform.compaction.due(WORTH_ROWS), "compactions", ({ org }) => compactOrg(org, deps));
    },
    async "tick.hour"(_data, _context, deps) {
      await forgetDeadLetters(deps);
      await each(expiringOrgs(deps), "retentions", (org) => expireOrg(org, deps));
    },
  },
});
