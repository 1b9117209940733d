import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastAccuracy } from "../../shared/contract/forecast-accuracy.ts";
import type { ForecastId, SeriesId } from "../../shared/contract/ids.ts";
import type { OutcomeMeasures } from "../../shared/core/forecast/evaluation.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { forecastResult } from "../../shared/testing/forecasts.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { readForecastAccuracy } from "./accuracy.ts";
import forecastHttp from "./http.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TODAY = Date.UTC(2026, 10, 20);

let harness: Harness;
let server: TestHttp;
let cpu: SeriesId;
let disk: SeriesId;
beforeEach(async () => {
  harness = await startHarness({ forecasters: createForecasters([nativeForecaster]) });
  server = startHttp(harness);
  cpu = await harness.store("cpu", [[START, 1]]);
  disk = await harness.store("disk", [[START, 1]]);
});
afterEach(() => harness.close());

let made = 0;
/** Stores a forecast with a cutoff so many days before the start, and what was measured of it. */
async function measured(
  daysAgo: number,
  more: Partial<OutcomeMeasures> = {},
  { backend = "native", series = cpu, final = true, frequency = "1h" } = {},
) {
  const id = hashId<ForecastId>("fct", [String((made += 1))]);
  const cutoff = START - daysAgo * DAY;
  const result = forecastResult(cutoff, [1], { backend, frequency });
  const { forecasts, forecastAccuracy } = harness.deps.store.forOrg(harness.org);
  await forecasts.save({ id, series, cutoff, createdAt: cutoff, parameters: { horizon: 1, levels: [], backend: "native" } }, result);
  const measures: OutcomeMeasures = {
    mae: 1,
    rmse: 2,
    mape: 3,
    smape: 4,
    mase: 0.5,
    wql: null,
    skill: 0.25,
    intervals: [{ level: 80, coverage: 0.75, width: 1 }],
    ...more,
  };
  const { evaluateAt } = (await forecastAccuracy.unmeasured(id))!;
  await forecastAccuracy.save(id, { evaluateAt, next: final ? null : evaluateAt + 1, measured: { steps: 4, measures }, at: START });
}
const read = async (query: object = {}) => (await harness.call(readForecastAccuracy, query)) as ForecastAccuracy;
const get = async (query: string, org = harness.org) =>
  server.request(forecastHttp, "GET", `/api/v1/forecast-accuracy${query}`, { key: await server.keyOf(org, ["read"]) });

describe("200", () => {
  test("a backend's forecasts of one series are told by the day of their cutoffs", async () => {
    await measured(2, { mae: 1, skill: 0.5 });
    await measured(1, { mae: 2, skill: 0.25 });
    await measured(1, { mae: 4, skill: -0.75, intervals: [{ level: 80, coverage: 0.25, width: 1 }] }, { final: false });
    await measured(1, { mae: 99 }, { series: disk });
    expect(await read({ series: cpu })).toEqual({
      series: cpu,
      from: new Date(TODAY - 29 * DAY).toISOString(),
      to: new Date(TODAY + DAY).toISOString(),
      step: "1d",
      items: [
        {
          backend: "native",
          timestamps: [TODAY - 2 * DAY, TODAY - DAY],
          forecasts: [1, 2],
          unfinished: [0, 1],
          steps: [4, 8],
          mae: [1, 3],
          rmse: [2, 2],
          mase: [0.5, 0.5],
          smape: [4, 4],
          wql: [null, null],
          skill: [0.5, -0.25],
          worseThanNaive: [0, 1],
          intervals: [{ level: 80, coverage: [0.75, 0.5] }],
        },
      ],
      nextCursor: null,
    });
  });

  test("backends stand beside each other, and of several series there is no error in a unit", async () => {
    await measured(1, { mae: 1, mase: 1 });
    await measured(1, { mae: 1_000, mase: 3 }, { series: disk });
    await measured(1, { intervals: [{ level: 95, coverage: 1, width: 1 }] }, { backend: "stub" });
    await measured(0, { intervals: [] }, { backend: "stub" });
    const { items } = await read();
    expect(items).toMatchObject([
      { backend: "native", forecasts: [2], mae: [null], rmse: [null], mase: [2] },
      { backend: "stub", forecasts: [1, 1], intervals: [{ level: 95, coverage: [1, null] }] },
    ]);
    expect((await read({ backend: "stub" })).items.map(({ backend }) => backend)).toEqual(["stub"]);
    // As forecasts are asked for.
    for (const backend of ["auto", "statistical"]) {
      expect((await read({ backend })).items.map((item) => item.backend)).toEqual(["native"]);
    }
  });

  test("forecasts can be those of one frequency, and those whose horizon is over", async () => {
    await measured(1, { mase: 1 });
    await measured(1, { mase: 2 }, { frequency: "1d" });
    await measured(1, { mase: 3 }, { final: false });
    expect((await read()).items).toMatchObject([{ forecasts: [3], mase: [2] }]);
    expect((await read({ frequency: "1d" })).items).toMatchObject([{ mase: [2] }]);
    expect((await read({ unfinished: "false" })).items).toMatchObject([{ forecasts: [2], mase: [1.5] }]);
  });

  test("the window is of cutoffs, and weeks begin on Mondays", async () => {
    for (const daysAgo of [0, 1, 5, 20]) await measured(daysAgo);
    const between = { from: new Date(START - 5 * DAY).toISOString(), to: new Date(START).toISOString() };
    expect((await read({ ...between, series: cpu })).items).toMatchObject([{ timestamps: [TODAY - 5 * DAY, TODAY - DAY] }]);
    const weeks = (await read({ step: "7d" })).items[0]!;
    expect(weeks.timestamps.map((time) => new Date(time).getUTCDay())).toEqual([1, 1, 1]);
    expect(weeks.forecasts).toEqual([1, 1, 2]);
  });

  test("of nothing there is nothing", async () => {
    expect(await read({ series: cpu })).toMatchObject({ items: [], nextCursor: null });
  });

  test("more than a page of forecasts are told by pages of whole buckets", async () => {
    await measured(2);
    await measured(1);
    const { forecastAccuracy } = harness.deps.store.forOrg(harness.org);
    const window = { unfinished: true, from: 0, to: START + 1 };
    const page = await forecastAccuracy.trend(window, { step: DAY, origin: 0, limit: 50_000 });
    const store = {
      ...harness.deps.store,
      forOrg: (org: typeof harness.org) => ({
        ...harness.deps.store.forOrg(org),
        forecastAccuracy: {
          ...forecastAccuracy,
          trend: async ({ from }: { from: number }) =>
            from < TODAY - DAY
              ? { ...page, looked: 50_000 }
              : forecastAccuracy.trend({ ...window, from }, { step: DAY, origin: 0, limit: 9 }),
        },
      }),
    };
    const { handle } = readForecastAccuracy as unknown as { handle: (...all: unknown[]) => Promise<ForecastAccuracy> };
    const query = { step: DAY, unfinished: true };
    const first = await handle(query, { org: harness.org }, { ...harness.deps, store });
    expect(first).toMatchObject({ items: [{ timestamps: [TODAY - 2 * DAY] }], nextCursor: String(TODAY - DAY) });
    const second = await handle({ ...query, cursor: Number(first.nextCursor) }, { org: harness.org }, { ...harness.deps, store });
    expect(second).toMatchObject({ items: [{ timestamps: [TODAY - DAY] }], nextCursor: null });
    // A bucket that is more than a page.
    const one = { ...query, from: TODAY - DAY, to: TODAY };
    const full = {
      ...store,
      forOrg: (org: typeof harness.org) => ({
        ...store.forOrg(org),
        forecastAccuracy: {
          ...forecastAccuracy,
          trend: async () => ({ ...page, looked: 50_000 }),
        },
      }),
    };
    await expect(handle(one, { org: harness.org }, { ...harness.deps, store: full })).rejects.toMatchObject({
      errors: [{ path: "step", message: expect.stringContaining("50000 forecasts or more") }],
    });
  });
});

describe("304", () => {
  test("a trend that is known is not sent again, until something is measured", async () => {
    await measured(1);
    const key = await server.keyOf(harness.org, ["read"]);
    const path = `/api/v1/forecast-accuracy?series=${cpu}`;
    const { headers } = await server.request(forecastHttp, "GET", path, { key });
    harness.clock.advance(HOUR);
    const again = () => server.request(forecastHttp, "GET", path, { key, headers: { "if-none-match": headers["ETag"]! } });
    expect((await again()).status).toBe(304);
    await measured(0);
    expect((await again()).status).toBe(200);
  });
});

describe("400", () => {
  test.each([
    "?step=1m",
    "?step=x",
    "?series=cpu",
    "?unfinished=maybe",
    "?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z",
    "?from=2026-01-01T00:00:00Z&to=2026-11-20T00:00:00Z&step=1h",
    "?from=253402300799999",
    "?frequency=0s",
    "?x=1",
  ])("%s is refused", async (query) => {
    expect((await get(query)).status).toBe(400);
  });
});

describe("404", () => {
  test("a series of another organisation is not there, and neither is its accuracy", async () => {
    await measured(1);
    expect((await get(`?series=${cpu}`, harness.otherOrg)).status).toBe(404);
    expect(await get("", harness.otherOrg)).toMatchObject({ status: 200, body: { items: [] } });
  });
});
