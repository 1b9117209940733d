import { event } from "../../shared/runtime/route.ts";
import { evaluateDue } from "./evaluate-due.ts";

const DAY_MS = 86_400_000;
/** A forecast is kept, with its columns, until it is measured, and for so long after its last step. */
const FORECASTS_KEPT_MS = 30 * DAY_MS;
/** How far it was from what came is kept for so long. */
const ACCURACY_KEPT_MS = 400 * DAY_MS;

export default event({
  consumer: "forecast-evaluate",
  deduplicate: "effect",
  on: {
    async "tick.hour"(_data, { now }, deps) {
      const { measuring } = deps.store.platform;
      await measuring.dropForecasts(now - FORECASTS_KEPT_MS);
      await measuring.forgetAccuracy(now - ACCURACY_KEPT_MS);
      await evaluateDue(now, deps);
    },
  },
});
