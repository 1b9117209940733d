import type { ForecastJob, ForecastRun } from "../contract/forecast-job.ts";
import type { Event } from "../contract/events.ts";
import type { ForecastSummary } from "../contract/forecast.ts";
import { nativeForecaster } from "../forecasters/native.ts";
import { createForecasters } from "../forecasters/registry.ts";
import { stubForecaster } from "../forecasters/stub.ts";
import type { Forecaster } from "../ports/forecasters.ts";
import jobsHttp from "../../functions/forecast-jobs/http.ts";
import { startForecastRun } from "../../functions/forecast-jobs/start-run.ts";
import onEvent from "../../functions/forecast/event.ts";
import forecastHttp from "../../functions/forecast/http.ts";
import onTick from "../../functions/forecast/tick.ts";
import { startHarness, testEvent } from "./harness.ts";
import { startHttp } from "./http.ts";
import type { TestAnswer } from "./http.ts";

const MINUTE = 60_000;

/** A job of every series of `cpu`, made by the stub. */
export const JOB = { name: "CPU", selector: { metricKey: "cpu" }, horizon: 2, backend: "stub", schedule: "hourly" };

/**
 * Forecast jobs over a real store, with a stub that says how often it was asked and does what a test wants before it answers.
 * @param order - The registry's backends; the first one is the last resort.
 */
export async function startJobs(order = (stub: Forecaster): [Forecaster, ...Forecaster[]] => [stub, nativeForecaster]) {
  const backend = { asked: 0, before: async (): Promise<void> => {} };
  const stub: Forecaster = {
    ...stubForecaster,
    async forecast(observations, options) {
      backend.asked += 1;
      await backend.before();
      return stubForecaster.forecast(observations, options);
    },
  };
  const harness = await startHarness({ forecasters: createForecasters(order(stub)) });
  const server = startHttp(harness);
  const key = await server.keyOf(harness.org, ["*"]);
  const request = (method: string, path: string, body?: object): Promise<TestAnswer> =>
    server.request(path.startsWith("/api/v1/forecasts") ? forecastHttp : jobsHttp, method, path, { key, ...(body && { body }) });

  return {
    harness,
    backend,
    request,
    /** A minute's or an hour's tick comes. */
    tick: (type: "tick.minute" | "tick.hour" = "tick.minute") => harness.deliver(onTick, testEvent(type, null, {}, harness.clock.now())),
    /** What a bus would do: hands over what was committed, and what that commits in turn. */
    async work(deliver = (event: Event) => harness.deliver(onEvent, event)) {
      for (let event = harness.committed.shift(); event !== undefined; event = harness.committed.shift()) await deliver(event);
    },
    /** Stores two points of each of so many series. */
    async store(count: number, metricKey = "cpu") {
      for (let host = 0; host < count; host += 1) {
        const points = [
          [harness.clock.now() - MINUTE, host],
          [harness.clock.now(), host],
        ] as const;
        await harness.store(metricKey, points, { host: String(host) });
      }
      harness.committed.length = 0;
    },
    create: async (job: object = JOB) => (await request("POST", "/api/v1/forecast-jobs", job)).body as ForecastJob,
    start: async ({ id }: ForecastJob) => (await harness.call(startForecastRun, { id })) as ForecastRun,
    job: async ({ id }: ForecastJob) => (await request("GET", `/api/v1/forecast-jobs/${id}`)).body as ForecastJob,
    runs: async ({ id }: ForecastJob) =>
      ((await request("GET", `/api/v1/forecast-jobs/${id}/runs`)).body as { items: ForecastRun[] }).items,
    forecasts: async () => ((await request("GET", "/api/v1/forecasts?limit=1000")).body as { items: ForecastSummary[] }).items,
  };
}
export type Jobs = Awaited<ReturnType<typeof startJobs>>;
