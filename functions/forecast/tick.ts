import type { ForecastRunId } from "../../shared/contract/ids.ts";
import { nextRun } from "../../shared/core/cron.ts";
import { each } from "../../shared/core/each.ts";
import type { Deps } from "../../shared/ports.ts";
import { event } from "../../shared/runtime/route.ts";
import { runRequested } from "./run-requested.ts";

/** Younger requests are still their event's. */
const LEFT_ALONE_MS = 60_000;
/** A request that fails for so long is given up, so that it stands in nobody's way. */
const GIVEN_UP_MS = 3_600_000;
const FORECASTS_A_TICK = 50;
const JOBS_A_TICK = 1_000;
/** Runs of jobs are kept for so long after their end. */
const RUNS_KEPT_MS = 30 * 86_400_000;

export default event({
  consumer: "forecast-due",
  deduplicate: "effect",
  on: {
    async "tick.minute"(_data, { now }, deps) {
      await each([beginRuns, requestRuns, makeRequested], "parts of what is due", (part) => part(now, deps));
    },
    "tick.hour": (_data, { now }, { store }) => store.platform.forecastJobs.forgetRuns(now - RUNS_KEPT_MS),
  },
});

/** A job that was due several times, since nobody looked or its last run took long, has one run. */
async function beginRuns(now: number, { store, newId }: Deps): Promise<void> {
  const due = await store.platform.forecastJobs.jobs(now, JOBS_A_TICK);
  await each(due, "forecast jobs", async ({ org, job }) => {
    const { schedule, timezone } = job.definition;
    const next = nextRun(schedule, timezone, now);
    // Where somebody else was faster it is begun, or changed: nothing is left to do.
    await store
      .forOrg(org)
      .forecastJobs.begin(job, { id: newId<ForecastRunId>("frn"), at: now }, { was: job.nextRunAt!, next: next.ok ? next.value : null });
  });
}

/** Those whose event was lost, whose worker died, or whose wait is over; one that was asked for anyway goes on once all the same. */
const requestRuns = (now: number, { store }: Deps): Promise<void> => store.platform.forecastJobs.requestRuns(now, JOBS_A_TICK);

async function makeRequested(now: number, deps: Deps): Promise<void> {
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
}
