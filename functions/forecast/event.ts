import { event, orgOf } from "../../shared/runtime/route.ts";
import { advanceRun } from "./advance-run.ts";
import { runRequested } from "./run-requested.ts";

export default event({
  consumer: "forecast-requested",
  deduplicate: "effect",
  on: {
    "forecast.requested": ({ forecast }, context, deps) => runRequested(orgOf(context), forecast, deps),
    "forecast-run.requested": (requested, context, deps) => advanceRun(orgOf(context), requested, deps),
  },
});
