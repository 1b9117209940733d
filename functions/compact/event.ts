import { event, orgOf } from "../../shared/runtime/route.ts";
import { compactOrg, FULL_LOG } from "./compact.ts";

/** The log is counted once in so many rows: counting costs as much as writing one. */
const COUNT_EVERY = 16;

export default event({
  consumer: "compact",
  deduplicate: "effect",
  on: {
    async "metrics.ingested"({ seq }, context, deps) {
      if (seq % COUNT_EVERY !== 0) return;
      const org = orgOf(context);
      const { points, rows } = await deps.store.platform.compaction.ready(org, { now: context.now, most: FULL_LOG.rows });
      if (points >= FULL_LOG.points || rows >= FULL_LOG.rows) await compactOrg(org, deps);
    },
  },
});
