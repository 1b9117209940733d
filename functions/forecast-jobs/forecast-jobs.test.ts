import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastJob } from "../../shared/contract/forecast-job.ts";
import { MAX_FORECAST_JOBS } from "../../shared/ports/forecast-jobs.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startDoor } from "../../shared/testing/http.ts";
import type { Ask, TestHttp } from "../../shared/testing/http.ts";
import http from "./http.ts";

const JOBS = "/api/v1/forecast-jobs";

let harness: Harness;
let server: TestHttp;
let ask: Ask;
beforeEach(async () => {
  ({ harness, server, ask } = await startDoor(http, { forecasters: createForecasters([nativeForecaster]) }));
});
afterEach(() => harness.close());

const JOB = { name: "CPU", selector: { metricKey: "cpu", dimensions: { region: "eu" } }, horizon: 24, schedule: "hourly" };
const create = async (job: object = JOB) => (await ask("POST", JOBS, job)).body as ForecastJob;

describe("a job that is made", () => {
  test("says all of itself, with its defaults and when it runs first, and reads back so", async () => {
    const answer = await ask("POST", JOBS, { ...JOB, frequency: "1h", timezone: "Europe/Berlin", schedule: "30 6 * * 1-5" });
    expect(answer.status).toBe(201);
    const made = answer.body as ForecastJob;
    expect(made).toEqual({
      id: expect.stringMatching(/^fjb_/),
      version: 1,
      name: "CPU",
      selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=", value: "eu" }] },
      horizon: 24,
      frequency: "1h",
      levels: [80, 95],
      backend: "auto",
      schedule: "30 6 * * 1-5",
      timezone: "Europe/Berlin",
      enabled: true,
      createdAt: "2026-11-20T10:00:00.000Z",
      updatedAt: "2026-11-20T10:00:00.000Z",
      nextRunAt: "2026-11-23T05:30:00.000Z",
      status: "pending",
      lastRun: null,
    });
    expect(answer.headers["Location"]).toBe(`${JOBS}/${made.id}`);
    expect(await ask("GET", `${JOBS}/${made.id}`)).toMatchObject({ status: 200, body: made });
    expect(await ask("GET", JOBS)).toMatchObject({ body: { items: [made], nextCursor: null } });
  });

  test.each([
    [{ schedule: "weekly" }, "schedule"],
    [{ schedule: "61 * * * *" }, "schedule"],
    [{ schedule: "0 0 30 2 *" }, "schedule"],
    [{ timezone: "Mars/Olympus" }, "timezone"],
    [{ horizon: 721 }, "horizon"],
    [{ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "(" }] } }, "selector.matchers[0].value"],
    [{ selector: {} }, "selector.metricKey"],
    [{ timezone: "+01:00" }, "timezone"],
    [{ levels: [] }, "levels"],
    [{ levels: [80, 80] }, "levels"],
    [{ interval: "1h" }, "interval"],
  ])("of %j is refused, and it says where", async (wrong, path) => {
    expect(await ask("POST", JOBS, { ...JOB, ...wrong })).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test("for a backend that is not configured is refused", async () => {
    expect(await ask("POST", JOBS, { ...JOB, backend: "timegpt" })).toMatchObject({
      status: 422,
      body: { title: expect.stringContaining("backend") },
    });
  });

  test("beyond the limit of the organisation is refused", async () => {
    const { forecastJobs } = harness.deps.store.forOrg(harness.org);
    const { id: _, ...job } = (await forecastJobs.get((await create()).id))!;
    for (let n = 1; n < MAX_FORECAST_JOBS; n += 1) await forecastJobs.insert({ ...job, id: harness.deps.newId("fjb") });
    expect(await ask("POST", JOBS, JOB)).toMatchObject({ status: 422, body: { detail: "An organisation may have 1000 forecast jobs." } });
  });

  test("with an idempotency key is made once", async () => {
    const headers = { "idempotency-key": "a" };
    const [first, second] = [await ask("POST", JOBS, JOB, headers), await ask("POST", JOBS, JOB, headers)];
    expect(second.body).toEqual(first.body);
    expect(((await ask("GET", JOBS)).body as { items: unknown[] }).items).toHaveLength(1);
  });
});

describe("a change", () => {
  test("takes what was read and has the job run by it", async () => {
    const made = await create();
    harness.clock.advance(60_000);
    const put = await ask("PUT", `${JOBS}/${made.id}`, { ...made, schedule: "daily", horizon: 48 });
    expect(put).toMatchObject({ status: 200, body: { version: 2, horizon: 48, nextRunAt: "2026-11-21T00:00:00.000Z" } });
    const patched = await ask("PATCH", `${JOBS}/${made.id}`, { timezone: "America/New_York", bounds: { min: 0 } });
    expect(patched.body).toMatchObject({ version: 3, bounds: { min: 0 }, nextRunAt: "2026-11-21T05:00:00.000Z" });
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { bounds: null, timezone: null })).body).toMatchObject({
      timezone: "UTC",
      version: 4,
    });
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { enabled: false })).body).toMatchObject({ nextRunAt: null });
  });

  test("to the same changes nothing", async () => {
    const made = await create();
    harness.clock.advance(60_000);
    expect((await ask("PUT", `${JOBS}/${made.id}`, made)).body).toEqual(made);
  });

  test("of what was changed since it was read is refused, and so is deleting it", async () => {
    const made = await create();
    const { headers } = await ask("GET", `${JOBS}/${made.id}`);
    const stale = { "if-match": headers["ETag"]! };
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { horizon: 3 }, stale)).status).toBe(200);
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { horizon: 4 }, stale)).status).toBe(412);
    expect((await ask("DELETE", `${JOBS}/${made.id}`, undefined, stale)).status).toBe(412);
  });

  test("that breaks the job is refused and leaves it as it is", async () => {
    const made = await create();
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { schedule: "never" })).status).toBe(400);
    expect((await ask("PATCH", `${JOBS}/${made.id}`, { horizon: null })).status).toBe(400);
    expect((await ask("GET", `${JOBS}/${made.id}`)).body).toEqual(made);
  });
});

test("a job that is deleted is gone, with its runs", async () => {
  const made = await create();
  const run = (await ask("POST", `${JOBS}/${made.id}/runs`, {})).body as { id: string };
  expect((await ask("GET", `${JOBS}/${made.id}/runs/${run.id}`)).status).toBe(200);
  expect((await ask("DELETE", `${JOBS}/${made.id}`)).status).toBe(204);
  for (const path of ["", "/runs", `/runs/${run.id}`]) expect((await ask("GET", `${JOBS}/${made.id}${path}`)).status).toBe(404);
  expect((await ask("DELETE", `${JOBS}/${made.id}`)).status).toBe(404);
});

test("who may only read changes and runs nothing", async () => {
  const made = await create();
  const reader = await server.keyOf(harness.org, ["read", "write"]);
  expect((await ask("GET", `${JOBS}/${made.id}`, undefined, {}, reader)).status).toBe(200);
  for (const [method, path, body] of [
    ["POST", JOBS, JOB],
    ["PATCH", `${JOBS}/${made.id}`, { horizon: 1 }],
    ["DELETE", `${JOBS}/${made.id}`, undefined],
    ["POST", `${JOBS}/${made.id}/runs`, {}],
  ] as const) {
    expect((await ask(method, path, body, {}, reader)).status).toBe(403);
  }
});

test("runs are listed newest first, a page at a time", async () => {
  const made = await create();
  const { forecastJobs } = harness.deps.store.forOrg(harness.org);
  const started: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const { id } = (await ask("POST", `${JOBS}/${made.id}/runs`, {})).body as { id: string };
    started.unshift(id);
    const run = (await forecastJobs.claim(id as never, 0, { now: harness.clock.now(), until: harness.clock.now() }))!;
    await forecastJobs.postpone(run, "No", null, harness.clock.now());
    harness.clock.advance(1_000);
  }
  const page = async (query: string) =>
    (await ask("GET", `${JOBS}/${made.id}/runs?limit=2${query}`)).body as { items: { id: string }[]; nextCursor: string };
  const first = await page("");
  expect(first.items.map(({ id }) => id)).toEqual(started.slice(0, 2));
  expect((await page(`&cursor=${first.nextCursor}`)).items.map(({ id }) => id)).toEqual(started.slice(2));
  expect(((await ask("GET", JOBS)).body as { items: ForecastJob[] }).items[0]).toMatchObject({
    status: "failed",
    lastRun: { id: started[0] },
  });
});
