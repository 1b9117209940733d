import { Unavailable } from "../../shared/contract/problem.ts";
import { event, orgOf } from "../../shared/runtime/route.ts";
import { detectOrg } from "./detect-org.ts";
import { relearnSeries } from "./relearn.ts";

/** About half of the function's time-out: what is left then is another event's. */
const AT_IT_MS = 150_000;

export default event({
  consumer: "detect",
  deduplicate: "effect",
  on: {
    async "metrics.ingested"({ seq }, context, deps) {
      const org = orgOf(context);
      const scored = async () => (await deps.store.forOrg(org).cursor("detect")) >= seq;
      if (await scored()) return;
      const outcome = await detectOrg(org, deps, context.now + AT_IT_MS);
      if (outcome !== "done" && !(await scored())) {
        throw new Unavailable(outcome === "held" ? "Another worker scores this organisation" : "There is more to score", {
          retryable: true,
        });
      }
    },
    async "detection.relearn-requested"({ series }, context, deps) {
      if ((await relearnSeries(orgOf(context), series, deps, context.now + AT_IT_MS)) === "held") {
        throw new Unavailable("Another worker scores this organisation", { retryable: true });
      }
    },
  },
});
