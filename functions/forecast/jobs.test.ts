import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import type { Forecaster } from "../../shared/ports/forecasters.ts";
import { JOB, startJobs } from "../../shared/testing/forecast-jobs.ts";
import type { Jobs } from "../../shared/testing/forecast-jobs.ts";
import onEvent from "./event.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEP = 50;

let jobs: Jobs;
beforeEach(async () => {
  jobs = await startJobs();
});
afterEach(() => jobs.harness.close());

describe("a job that is due", () => {
  test("has a run at the tick, which forecasts every series that it picks, and is due again at its next time", async () => {
    await jobs.store(3);
    await jobs.store(2, "memory");
    const made = await jobs.create();
    expect(made).toMatchObject({ status: "pending", lastRun: null, nextRunAt: "2026-11-20T11:00:00.000Z" });
    await jobs.tick();
    expect(await jobs.runs(made)).toEqual([]);

    jobs.harness.clock.advance(HOUR);
    await jobs.tick();
    expect(await jobs.job(made)).toMatchObject({ status: "pending", nextRunAt: "2026-11-20T12:00:00.000Z", lastRun: { series: null } });
    await jobs.work();
    const at = "2026-11-20T11:00:00.000Z";
    const times = { scheduledAt: at, startedAt: at, endedAt: at, nextAttemptAt: null };
    expect(await jobs.job(made)).toMatchObject({
      status: "completed",
      lastRun: { ...times, series: 3, completed: 3, failed: 0, refusals: [], attempts: 0, error: null },
    });
    expect(await jobs.forecasts()).toHaveLength(3);
    expect((await jobs.forecasts())[0]).toMatchObject({ status: "completed", backend: "stub", cutoff: at, horizon: 2 });
  });

  test("is begun once, however often the tick comes and however many look", async () => {
    await jobs.store(1);
    const made = await jobs.create();
    jobs.harness.clock.advance(HOUR);
    await Promise.all([jobs.tick(), jobs.tick(), jobs.tick()]);
    await jobs.tick();
    expect(await jobs.runs(made)).toHaveLength(1);
    await jobs.work();
    await jobs.tick();
    expect(await jobs.runs(made)).toHaveLength(1);
  });

  test("that was missed several times runs once, and one whose last run is at work waits for its end", async () => {
    await jobs.store(1);
    const made = await jobs.create();
    jobs.harness.clock.advance(5 * HOUR);
    await jobs.tick();
    jobs.harness.clock.advance(2 * HOUR);
    await jobs.tick();
    expect(await jobs.runs(made)).toHaveLength(1);
    await jobs.work();
    await jobs.tick();
    expect(await jobs.runs(made)).toHaveLength(2);
    await jobs.tick();
    expect(await jobs.job(made)).toMatchObject({ nextRunAt: "2026-11-20T18:00:00.000Z" });
  });

  test("that is not enabled does not run, until somebody runs it", async () => {
    await jobs.store(2);
    const made = await jobs.create({ ...JOB, enabled: false });
    expect(made.nextRunAt).toBeNull();
    jobs.harness.clock.advance(HOUR);
    await jobs.tick();
    expect(await jobs.runs(made)).toEqual([]);
    const started = await jobs.start(made);
    expect(started).toMatchObject({ status: "pending", job: made.id });
    expect(await jobs.request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).toMatchObject({ status: 409 });
    await jobs.work();
    const { id } = started;
    expect(await jobs.request("GET", `/api/v1/forecast-jobs/${made.id}/runs/${id}`)).toMatchObject({
      body: { status: "completed", completed: 2 },
    });
    expect((await jobs.request("POST", `/api/v1/forecast-jobs/${made.id}/runs`, {})).status).toBe(201);
  });
});

describe("a run of many series", () => {
  const SERIES = 2 * STEP + 10;

  test("goes on in steps, each of which shows how far it is and tells of its forecasts in one event", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    const seen: unknown[] = [];
    const created: number[] = [];
    await jobs.work(async (event) => {
      if (event.type === "forecast.created") created.push((event.data as { forecasts: string[] }).forecasts.length);
      await jobs.harness.deliver(onEvent, event);
      if (event.type === "forecast-run.requested") {
        const { status, lastRun } = await jobs.job(made);
        seen.push([status, lastRun!.completed, lastRun!.series]);
      }
    });
    expect(seen).toEqual([
      ["running", STEP, SERIES],
      ["running", 2 * STEP, SERIES],
      ["completed", SERIES, SERIES],
    ]);
    expect(created).toEqual([STEP, STEP, 10]);
    expect(new Set((await jobs.forecasts()).map(({ series }) => series)).size).toBe(SERIES);
  });

  test("asks for as many a step as its backend takes in one call", async () => {
    await jobs.store(20);
    const sizes: number[] = [];
    const eight: Forecaster = {
      about: { ...stubForecaster.about, name: "statsforecast", batch: 8 },
      forecast: stubForecaster.forecast,
      forecastMany: async (series, options) => {
        sizes.push(series.length);
        return Promise.all(series.map((one) => stubForecaster.forecast(one, options)));
      },
    };
    const forecasters = createForecasters([nativeForecaster, eight], { preference: ["statsforecast"] });
    const made = await jobs.create({ ...JOB, backend: "auto" });
    await jobs.start(made);
    await jobs.work(async (event) => {
      await onEvent.on[event.type as "forecast-run.requested"]?.(
        event.data as never,
        { event, now: jobs.harness.clock.now() },
        { ...jobs.harness.deps, forecasters },
      );
    });
    expect(sizes).toEqual([8, 8, 4]);
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { series: 20, completed: 20 } });
  });

  test("whose worker dies is taken up by another once the lease is over, and forecasts no series twice", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    const first = jobs.harness.committed.shift()!;
    await jobs.harness.deliver(onEvent, first);
    const second = jobs.harness.committed.find(({ type }) => type === "forecast-run.requested")!;
    jobs.harness.committed.length = 0;
    // It has claimed the step, and is never heard of again.
    jobs.backend.before = () => new Promise(() => {});
    void jobs.harness.deliver(onEvent, second);
    while (jobs.backend.asked === STEP) await new Promise(setImmediate);
    jobs.backend.before = async () => {};
    jobs.harness.clock.advance(MINUTE - 1);
    await jobs.tick();
    expect(jobs.harness.committed).toEqual([]);

    jobs.harness.clock.advance(4 * MINUTE);
    await jobs.tick();
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES, series: SERIES } });
    expect(await jobs.forecasts()).toHaveLength(SERIES);
  });

  test("is renewed while its worker goes on", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask", "performance", "Date", "setTimeout"] });
    try {
      await jobs.store(1);
      const made = await jobs.create();
      await jobs.start(made);
      const event = jobs.harness.committed.shift()!;
      let release = (): void => {};
      jobs.backend.before = () => new Promise((resolve) => (release = resolve));
      const working = jobs.harness.deliver(onEvent, event);
      while (jobs.backend.asked === 0) await new Promise(setImmediate);
      for (let seconds = 0; seconds < 300; seconds += 15) {
        jobs.harness.clock.advance(15_000);
        await jest.advanceTimersByTimeAsync(15_000);
        await jobs.tick();
      }
      expect(jobs.harness.committed).toEqual([]);
      release();
      await working;
      expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: 1 } });
    } finally {
      jest.useRealTimers();
    }
  });

  test("of several workers that have the same event one gets on, and one that is slower than its lease writes nothing", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    const event = jobs.harness.committed.shift()!;
    let release = (): void => {};
    jobs.backend.before = () => new Promise((resolve) => (release = resolve));
    const slow = jobs.harness.deliver(onEvent, event);
    while (jobs.backend.asked === 0) await new Promise(setImmediate);
    await Promise.all([jobs.harness.deliver(onEvent, event), jobs.harness.deliver(onEvent, event)]);
    expect(jobs.backend.asked).toBe(1);

    jobs.harness.clock.advance(5 * MINUTE);
    jobs.backend.before = async () => {};
    await jobs.tick();
    await jobs.work();
    release();
    await slow;
    await jobs.work();
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES } });
    expect(await jobs.forecasts()).toHaveLength(SERIES);
  });

  test("that is jobs.backend.asked for again while it is at work goes on once", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    jobs.harness.clock.advance(2 * MINUTE);
    await jobs.tick();
    await jobs.tick();
    let steps = 0;
    await jobs.work(async (event) => {
      const askedBefore = jobs.backend.asked;
      await jobs.harness.deliver(onEvent, event);
      if (jobs.backend.asked > askedBefore) steps += 1;
    });
    expect(steps).toBe(3);
    expect(await jobs.job(made)).toMatchObject({ status: "completed", lastRun: { completed: SERIES } });
  });

  test("whose job is deleted stops", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!);
    expect((await jobs.request("DELETE", `/api/v1/forecast-jobs/${made.id}`)).status).toBe(204);
    await jobs.work();
    expect(jobs.backend.asked).toBe(STEP);
    expect((await jobs.request("GET", `/api/v1/forecast-jobs/${made.id}/runs`)).status).toBe(404);
    expect(await jobs.forecasts()).toHaveLength(STEP);
  });

  test("ends as it began, whatever becomes of its job meanwhile", async () => {
    await jobs.store(SERIES);
    const made = await jobs.create();
    await jobs.start(made);
    await jobs.harness.deliver(onEvent, jobs.harness.committed.shift()!);
    expect((await jobs.request("PATCH", `/api/v1/forecast-jobs/${made.id}`, { horizon: 5, enabled: false })).status).toBe(200);
    await jobs.work();
    expect(new Set((await jobs.forecasts()).map(({ horizon }) => horizon))).toEqual(new Set([2]));
    expect(await jobs.job(made)).toMatchObject({ horizon: 5, nextRunAt: null, status: "completed" });
  });
});

test("series without anything new keep their forecast", async () => {
  await jobs.store(3);
  const made = await jobs.create();
  const run = async () => {
    await jobs.start(made);
    await jobs.work();
  };
  await run();
  jobs.harness.clock.advance(MINUTE);
  await jobs.harness.store("cpu", [[jobs.harness.clock.now(), 9]], { host: "1" });
  jobs.harness.committed.length = 0;
  await run();
  expect(await jobs.forecasts()).toHaveLength(4);
  expect(await jobs.job(made)).toMatchObject({ lastRun: { series: 3, completed: 3 } });
});

test("runs are forgotten 30 days after their end", async () => {
  await jobs.store(1);
  const made = await jobs.create({ ...JOB, enabled: false });
  await jobs.start(made);
  await jobs.work();
  jobs.harness.clock.advance(29 * 24 * HOUR);
  await jobs.tick("tick.hour");
  expect(await jobs.runs(made)).toHaveLength(1);
  jobs.harness.clock.advance(2 * 24 * HOUR);
  await jobs.tick("tick.hour");
  expect(await jobs.runs(made)).toEqual([]);
});
