import { each } from "../../shared/core/each.ts";
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
      const requested = await store.platform.forecasting.requested(now - LEFT_ALONE_MS, FORECASTS_A_TICK);
      await each(requested, "requested forecasts", async ({ org, id, createdAt }) => {
        try {
          await runRequested(org, id, deps);
        } catch (error) {
          if (createdAt < now - GIVEN_UP_MS) await store.forOrg(org).forecasts.fail(id, "It could not be made within an hour.");
          throw error;
        }
      });
    },
  },
});
