import { event } from "../../shared/runtime/route.ts";
import { runRequested } from "./run-requested.ts";

/** Younger requests are still their event's. */
const LEFT_ALONE_MS = 60_000;
/** A request that fails for so long is given up, so that it stands in nobody's way. */
const GIVEN_UP_MS = 3_600_000;
const FORECASTS_A_TICK = 50;

export default event({
  consumer: "forecast-due",
  deduplicate: "effect",
  on: {
    async "tick.minute"(_data, { now }, deps) {
      const { store } = deps;
      const errors: unknown[] = [];
      for (const { org, id, createdAt } of await store.platform.forecasting.requested(now - LEFT_ALONE_MS, FORECASTS_A_TICK)) {
        try {
          await runRequested(org, id, deps);
        } catch (error) {
          errors.push(error);
          if (createdAt < now - GIVEN_UP_MS) await store.forOrg(org).forecasts.fail(id, "It could not be made within an hour.");
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, `${errors.length} requested forecasts could not be made yet`);
    },
  },
});
