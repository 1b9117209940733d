import { event, orgOf } from "../../shared/runtime/route.ts";
import { evaluateDue, evaluateSeries } from "./evaluate.ts";

export default event({
  consumer: "alert-evaluate",
  deduplicate: "effect",
  on: {
    "metrics.ingested": (_data, context, deps) => evaluateDue(orgOf(context), deps),
    "anomaly.detected": ({ series }, context, deps) => evaluateSeries(orgOf(context), series, deps),
    "anomaly.cleared": ({ series }, context, deps) => evaluateSeries(orgOf(context), series, deps),
  },
});
