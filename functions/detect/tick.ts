import { event } from "../../shared/runtime/route.ts";
import { detectOrg } from "./detect-org.ts";

/** About half of the function's time-out: the next tick goes on. */
const AT_IT_MS = 150_000;
const ORGS_A_TICK = 1_000;

export default event({
  consumer: "detect-due",
  deduplicate: "effect",
  on: {
    async "tick.minute"(_data, { now }, deps) {
      const errors: unknown[] = [];
      for (const org of await deps.store.platform.detecting.orgs(now, ORGS_A_TICK)) {
        try {
          if ((await detectOrg(org, deps, now + AT_IT_MS)) === "out-of-time") break;
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, `${errors.length} organisations could not be scored yet`);
    },
  },
});
