import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastJob, ForecastRun } from "../../shared/contract/forecast-job.ts";
import type { Event } from "../../shared/contract/events.ts";
import type { ForecastSummary } from "../../shared/contract/forecast.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import type { Forecaster } from "../../shared/ports/forecasters.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import jobsHttp from "../forecast-jobs/http.ts";
import { startForecastRun } from "../forecast-jobs/start-run.ts";
import forecastHttp from "./http.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEP = 50;

let harness: Harness;
let request: (method: string, path: string, body?: object) => Promise<{ status: number; body: unknown }>;
/** How many series the backend was asked for, and what it does before it answers. */
let asked: number;
let before: () => Promise<void>;
const stub: Forecaster = {
  ...stubForecaster,
  async forecast(observations, options) {
    asked += 1;
    await before();
    return stubForecaster.forecast(observations, options);
  },
};
beforeEach(async () => {
  [asked, before] = [0, async () => {}];
  harness = await startHarness({ forecasters: createForecasters([stub, nativeForecaster]) });
  const server = startHttp(harness);
  const key = await server.keyOf(harness.org, ["*"]);
  request = (method, path, body) =>
    server.request(path.startsWith("/api/v1/forecasts") ? forecastHttp : jobsHttp, method, path, { key, ...(body && { body }) });
});
afterEach(() => harness.close());

const JOB = { name: "CPU", selector: { metricKey: "cpu" }, horizon: 2, backend: "stub", schedule: "hourly" };
const tick = (type: "tick.minute" | "tick.hour" = "tick.minute") => harness.deliver(onTick, testEvent(type, null, {}, harness.clock.now()));
/** What a bus would do: hands over what was committed, and what that commits in turn. */
async function work(deliver = (event: Event) => harness.deliver(onEvent, event)): Promise<void> {
  for (let event = harness.committed.shift(); event !== undefined; event = harness.committed.shift()) await deliver(event);
}
async function store(count: number, metricKey = "cpu"): Promise<void> {
  for (let host = 0; host < count; host += 1) {
    const points = [
      [harness.clock.now() - MINUTE, host],
      [harness.clock.now(), host],
    ] as const;
    await harness.store(metricKey, points, { host: String(host) });
  }
  harness.committed.length = 0;
}
const create = async (job: object = JOB) => (await request("POST", "/api/v1/forecast-jobs", job)).body as ForecastJob;
const start = async ({ id }: ForecastJob) => (await harness.call(startForecastRun, { id })) as ForecastRun;
const job = async ({ id }: ForecastJob) => (await request("GET", `/api/v1/forecast-jobs/${id}`)).body as ForecastJob;
const runs = async ({ id }: ForecastJob) =>
  ((await request("GET", `/api/v1/forecast-jobs/${id}/runs`)).body as { items: ForecastRun[] }).items;
const forecasts = async () => ((await request("GET", "/api/v1/forecasts?limit=1000")).body as { items: ForecastSummary[] }).items;
const refuse = async () => {
  throw new Unavailable("The backend does not answer", { retryable: true });
};
const stumble = async () => {
  throw new Error("secret");
};

describe("a job that is due", () => {
  test("has a run at the tick, which forecasts every series that it picks, and is due again at its next time", async () => {
    await store(3);
    await store(2, "memory");
    const made = await create();
    expect(made).toMatchObject({ status: "pending", lastRun: null, nextRunAt: "2026-11-20T11:00:00.000Z" });
    await tick();
    expect(await runs(made)).toEqual([]);

    harness.clock.advance(HOUR);
    await tick();
    expect(await job(made)).toMatchObject({ status: "pending", nextRunAt: "2026-11-20T12:00:00.000Z", lastRun: { series: null } });
    await work();
    const at = "2026-11-20T11:00:00.000Z";
    const times = { scheduledAt: at, startedAt: at, endedAt: at, nextAttemptAt: null };
    expect(await job(made)).toMatchObject({
      status: "completed",
      lastRun: { ...times, series: 3, completed: 3, failed: 0, refusals: [], attempts: 0, error: null },
    });
    expect(await forecasts()).toHaveLength(3);
    expect((await forecasts())[0]).toMatchObject({ status: "completed", backend: "stub", cutoff: at, horizon: 2 });
  });

  test("is begun once, however often the tick comes and however many look", async () => {
    await store(1);
    const made = await create();
    harness.clock.advance(HOUR);
    await Promise.all([tick(), tick(), tick()]);
    await tick();
    expect(await runs(made)).toHaveLength(1);
    await work();
    await tick();
    expect(await runs(made)).toHaveLength(1);
  });

  test("that was missed several times runs once, and one whose last run is at work waits for its end", async () => {
    await store(1);
    const made = await create();
    harness.clock.advance(5 * HOUR);
    await tick();
    harness.clock.advance(2 * HOUR);
    await tick();
    expect(await runs(made)).toHaveLength(1);
    await work();
    await tick();
    expect(await runs(made)).toHaveLength(2);
    await tick();
    expect(await job(made)).toMatchObject({ nextRunAt: "2026-11-20T18:00:00.000Z" });
  });

  test("that is not enabled does not run, until somebody runs it", async () => {
    await store(2);
    const made = await create({ ...JOB, enabled: false });
    expect(made.nextRunAt).toBeNull();
    harness.clock.advance(HOUR);
    await tick();
    expect(await runs(made)).toEqual([]);
    const started = await start(made);
    expect(started).toMatchObject({ status: "pending", job: made.id });
    expect(await request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).toMatchObject({ status: 409 });
    await work();
    const { id } = started;
    expect(await request("GET", `/api/v1/forecast-jobs/${made.id}/runs/${id}`)).toMatchObject({
      body: { status: "completed", completed: 2 },
    });
    expect((await request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).status).toBe(201);
  });
});

describe("a run of many series", () => {
  const SERIES = 2 * STEP + 10;

  test("goes on in steps, each of which shows how far it is and tells of its forecasts in one event", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    const seen: unknown[] = [];
    const created: number[] = [];
    await work(async (event) => {
      if (event.type === "forecast.created") created.push((event.data as { forecasts: string[] }).forecasts.length);
      await harness.deliver(onEvent, event);
      if (event.type === "forecast-run.requested") {
        const { status, lastRun } = await job(made);
        seen.push([status, lastRun!.completed, lastRun!.series]);
      }
    });
    expect(seen).toEqual([
      ["running", STEP, SERIES],
      ["running", 2 * STEP, SERIES],
      ["completed", SERIES, SERIES],
    ]);
    expect(created).toEqual([STEP, STEP, 10]);
    expect(new Set((await forecasts()).map(({ series }) => series)).size).toBe(SERIES);
  });

  test("asks for as many a step as its backend takes in one call", async () => {
    await store(20);
    const sizes: number[] = [];
    const eight: Forecaster = {
      about: { ...stubForecaster.about, name: "statsforecast", batch: 8 },
      forecast: stubForecaster.forecast,
      forecastMany: async (series, options) => {
        sizes.push(series.length);
        return Promise.all(series.map((one) => stubForecaster.forecast(one, options)));
      },
    };
    const forecasters = createForecasters([nativeForecaster, stub, eight], { preference: ["statsforecast"] });
    const made = await create({ ...JOB, backend: "auto" });
    await start(made);
    await work(async (event) => {
      await onEvent.on[event.type as "forecast-run.requested"]?.(
        event.data as never,
        { event, now: START },
        { ...harness.deps, forecasters },
      );
    });
    expect(sizes).toEqual([8, 8, 4]);
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { series: 20, completed: 20 } });
  });

  test("whose worker dies is taken up by another once the lease is over, and forecasts no series twice", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    const first = harness.committed.shift()!;
    await harness.deliver(onEvent, first);
    const second = harness.committed.find(({ type }) => type === "forecast-run.requested")!;
    harness.committed.length = 0;
    // It has claimed the step, and is never heard of again.
    before = () => new Promise(() => {});
    void harness.deliver(onEvent, second);
    while (asked === STEP) await new Promise(setImmediate);
    before = async () => {};
    harness.clock.advance(MINUTE);
    await tick();
    expect(harness.committed).toEqual([]);

    harness.clock.advance(4 * MINUTE);
    await tick();
    await work();
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES, series: SERIES } });
    expect(await forecasts()).toHaveLength(SERIES);
  });

  test("of several workers that have the same event one gets on, and one that is slower than its lease writes nothing", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    const event = harness.committed.shift()!;
    let release = (): void => {};
    before = () => new Promise((resolve) => (release = resolve));
    const slow = harness.deliver(onEvent, event);
    while (asked === 0) await new Promise(setImmediate);
    await Promise.all([harness.deliver(onEvent, event), harness.deliver(onEvent, event)]);
    expect(asked).toBe(1);

    harness.clock.advance(5 * MINUTE);
    before = async () => {};
    await tick();
    await work();
    release();
    await slow;
    await work();
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES } });
    expect(await forecasts()).toHaveLength(SERIES);
  });

  test("that is asked for again while it is at work goes on once", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    harness.clock.advance(2 * MINUTE);
    await tick();
    await tick();
    let steps = 0;
    await work(async (event) => {
      const askedBefore = asked;
      await harness.deliver(onEvent, event);
      if (asked > askedBefore) steps += 1;
    });
    expect(steps).toBe(3);
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES } });
  });

  test("whose job is deleted stops", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    await harness.deliver(onEvent, harness.committed.shift()!);
    expect((await request("DELETE", `/api/v1/forecast-jobs/${made.id}`)).status).toBe(204);
    await work();
    expect(asked).toBe(STEP);
    expect((await request("GET", `/api/v1/forecast-jobs/${made.id}/runs`)).status).toBe(404);
    expect(await forecasts()).toHaveLength(STEP);
  });

  test("ends as it began, whatever becomes of its job meanwhile", async () => {
    await store(SERIES);
    const made = await create();
    await start(made);
    await harness.deliver(onEvent, harness.committed.shift()!);
    expect((await request("PATCH", `/api/v1/forecast-jobs/${made.id}`, { horizon: 5, enabled: false })).status).toBe(200);
    await work();
    expect(new Set((await forecasts()).map(({ horizon }) => horizon))).toEqual(new Set([2]));
    expect(await job(made)).toMatchObject({ horizon: 5, nextRunAt: null, status: "completed" });
  });
});

describe("what cannot be forecast", () => {
  test("is counted and named, and holds up no other series", async () => {
    await store(3);
    const short = await harness.store("cpu", [[START, 1]], { host: "short" });
    const made = await create({ ...JOB, backend: "native" });
    await start(made);
    await work();
    expect(await job(made)).toMatchObject({
      status: "completed",
      lastRun: { series: 4, completed: 3, failed: 1, refusals: [{ series: short, reason: "2 points are needed, and there are 1." }] },
    });
  });

  test("of very many series the first are named", async () => {
    for (let host = 0; host < 30; host += 1) await harness.store("cpu", [[START, 1]], { host: String(host) });
    const made = await create({ ...JOB, backend: "native" });
    await start(made);
    await work();
    const { lastRun } = await job(made);
    expect(lastRun).toMatchObject({ failed: 30, completed: 0 });
    expect(lastRun!.refusals).toHaveLength(20);
  });

  test("of no series at all the run is completed", async () => {
    const made = await create();
    await start(made);
    await work();
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { series: 0, completed: 0, failed: 0 } });
  });

  test("because the backend is gone since is a failed run, which says so", async () => {
    await store(1);
    const made = await create();
    await start(made);
    const event = harness.committed.shift()!;
    const bare = createForecasters([nativeForecaster]);
    await onEvent.on["forecast-run.requested"]!(event.data as never, { event, now: START }, { ...harness.deps, forecasters: bare });
    expect(await job(made)).toMatchObject({ status: "failed", lastRun: { error: expect.stringContaining("stub is not configured") } });
  });

  test("because something fails is tried again with growing waits, and given up", async () => {
    await store(1);
    const made = await create();
    await start(made);
    before = stumble;
    const waits: number[] = [];
    for (;;) {
      await harness.deliver(onEvent, harness.committed.shift()!).catch(() => {});
      const { lastRun } = await job(made);
      if (lastRun!.status === "failed") break;
      expect(lastRun).toMatchObject({ status: "running", error: "Something failed on our side." });
      waits.push((Date.parse(lastRun!.nextAttemptAt!) - harness.clock.now()) / 1_000);
      while (harness.committed.length === 0) {
        harness.clock.advance(MINUTE);
        await tick();
      }
    }
    expect(waits).toEqual([30, 60, 120, 240]);
    expect(await job(made)).toMatchObject({ lastRun: { attempts: 5, endedAt: expect.any(String) } });
    expect(JSON.stringify(await runs(made))).not.toContain("secret");

    before = async () => {};
    expect((await request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).status).toBe(201);
  });

  test("for a while is made good, and the wait begins anew with each step that gets on", async () => {
    await store(STEP + 1);
    const made = await create();
    await start(made);
    before = stumble;
    await harness.deliver(onEvent, harness.committed.shift()!).catch(() => {});
    before = async () => {};
    harness.clock.advance(3 * MINUTE);
    await tick();
    await harness.deliver(onEvent, harness.committed.shift()!);
    expect(await job(made)).toMatchObject({
      status: "running",
      lastRun: { attempts: 0, error: null, nextAttemptAt: null, completed: STEP },
    });
    await work();
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { completed: STEP + 1 } });
  });

  test("because each worker dies at it is given up in the end", async () => {
    await store(1);
    const made = await create();
    await start(made);
    before = () => new Promise(() => {});
    for (let died = 0; died < 5; died += 1) {
      void harness.deliver(onEvent, harness.committed.shift()!);
      while (asked === died) await new Promise(setImmediate);
      harness.clock.advance(5 * MINUTE);
      await tick();
    }
    await harness.deliver(onEvent, harness.committed.shift()!);
    expect(await job(made)).toMatchObject({ status: "failed", lastRun: { error: expect.stringContaining("Given up after 5 attempts") } });
  });

  test("because the first backend does not answer is made by the last resort", async () => {
    await store(2);
    before = refuse;
    harness.close();
    harness = await startHarness({ forecasters: createForecasters([nativeForecaster, stub]) });
    const server = startHttp(harness);
    const key = await server.keyOf(harness.org, ["*"]);
    request = (method, path, body) =>
      server.request(path.startsWith("/api/v1/forecasts") ? forecastHttp : jobsHttp, method, path, { key, ...(body && { body }) });
    await store(2);
    const made = await create();
    await start(made);
    await work();
    expect(await job(made)).toMatchObject({ status: "completed", lastRun: { completed: 2 } });
    expect((await forecasts())[0]).toMatchObject({ backend: "native", fallback: { from: "stub", reason: "The backend does not answer" } });
  });
});

test("series without anything new keep their forecast", async () => {
  await store(3);
  const made = await create();
  const run = async () => {
    await start(made);
    await work();
  };
  await run();
  harness.clock.advance(MINUTE);
  await harness.store("cpu", [[harness.clock.now(), 9]], { host: "1" });
  harness.committed.length = 0;
  await run();
  expect(await forecasts()).toHaveLength(4);
  expect(await job(made)).toMatchObject({ lastRun: { series: 3, completed: 3 } });
});

test("runs are forgotten 30 days after their end", async () => {
  await store(1);
  const made = await create({ ...JOB, enabled: false });
  await start(made);
  await work();
  harness.clock.advance(29 * 24 * HOUR);
  await tick("tick.hour");
  expect(await runs(made)).toHaveLength(1);
  harness.clock.advance(2 * 24 * HOUR);
  await tick("tick.hour");
  expect(await runs(made)).toEqual([]);
});
