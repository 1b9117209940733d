import { event, orgOf } from "../../shared/runtime/route.ts";
import { evaluateForecasted, evaluateOrg, evaluateSeries } from "./evaluate.ts";

export default event({
  consumer: "alert-evaluate",
  deduplicate: "effect",
  on: {
    "metrics.ingested": ({ seq }, context, deps) => evaluateOrg(orgOf(context), seq, deps),
    "forecast.created": ({ forecasts }, context, deps) => evaluateForecasted(orgOf(context), forecasts, deps),
    "anomaly.detected": ({ series }, context, deps) => evaluateSeries(orgOf(context), series, deps),
    "anomaly.cleared": ({ series }, context, deps) => evaluateSeries(orgOf(context), series, deps),
  },
});
