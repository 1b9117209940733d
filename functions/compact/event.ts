import { event, orgOf } from "../../shared/runtime/route.ts";
import { compactOrg } from "./compact.ts";

/** A log of so many rows is worth a pass. */
const FULL_LOG_ROWS = 64;
/** The log is counted once in so many rows: counting costs as much as writing one. */
const COUNT_EVERY = 16;

export default event({
  consumer: "compact",
  deduplicate: "effect",
  on: {
    async "metrics.ingested"({ seq }, context, deps) {
      if (seq % COUNT_EVERY !== 0) return;
      const org = orgOf(context);
      if ((await deps.store.platform.compaction.rows(org)) >= FULL_LOG_ROWS) await compactOrg(org, deps);
    },
  },
});
