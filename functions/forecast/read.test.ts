import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Forecast, ForecastSummary } from "../../shared/contract/forecast.ts";
import type { Page } from "../../shared/contract/page.ts";
import { nativeForecaster } from "../../shared/forecasters/native.ts";
import { createForecasters } from "../../shared/forecasters/registry.ts";
import { stubForecaster } from "../../shared/forecasters/stub.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { createForecast } from "./create.ts";
import { getForecast } from "./get.ts";
import forecastHttp from "./http.ts";
import { listBackends } from "./list-backends.ts";
import { listForecasts } from "./list.ts";

const HOUR = 3_600_000;

let harness: Harness;
let server: TestHttp;
beforeEach(async () => {
  harness = await startHarness({ forecasters: createForecasters([nativeForecaster, stubForecaster]) });
  server = startHttp(harness);
});
afterEach(() => harness.close());

const made = async (metricKey: string, more: object = {}) => {
  const series = await harness.store(metricKey, [
    [START - HOUR, 1],
    [START, 2],
  ]);
  harness.clock.advance(1);
  const body = { series, horizon: 2, backend: "stub", ...more };
  return (await harness.call(createForecast, body)) as Forecast & { id: string; series: string };
};
const list = async (query: object) => (await harness.call(listForecasts, query)) as Page<ForecastSummary>;
const get = async (path: string, org = harness.org, headers: Record<string, string> = {}) => {
  const key = await server.keyOf(org, ["read"]);
  return server.request(forecastHttp, "GET", path, { key, headers });
};

describe("200", () => {
  test("a forecast reads back as it was made", async () => {
    const forecast = await made("cpu");
    expect(await harness.call(getForecast, { id: forecast.id })).toEqual(forecast);
  });

  test("a list is newest first, without columns, of all series or of one, by pages", async () => {
    const [cpu, disk, requested] = [await made("cpu"), await made("disk"), await made("cpu", { wait: false })];
    const all = await list({});
    expect(all.items.map(({ id }) => id)).toEqual([requested.id, disk.id, cpu.id]);
    expect(all.items[1]).toMatchObject({ status: "completed", backend: "stub", frequency: "1h", horizon: 2 });
    for (const column of ["timestamps", "mean", "intervals"]) expect(all.items[1]).not.toHaveProperty(column);
    expect((await list({ series: cpu.series })).items.map(({ id }) => id)).toEqual([requested.id, cpu.id]);
    const first = await list({ limit: "2" });
    expect((await list({ limit: "2", cursor: first.nextCursor })).items.map(({ id }) => id)).toEqual([cpu.id]);
  });

  test("the backends are listed with the names they answer to", async () => {
    expect(await harness.call(listBackends, {})).toMatchObject({
      items: [
        { name: "native", aliases: ["auto", "statistical"], available: true },
        { name: "stub", aliases: [], available: true },
      ],
    });
  });
});

describe("304", () => {
  test("a forecast that is known is not sent again, until it is completed", async () => {
    const { id } = await made("cpu", { wait: false });
    const { headers } = await get(`/api/v1/forecasts/${id}`);
    const again = () => get(`/api/v1/forecasts/${id}`, harness.org, { "if-none-match": headers["ETag"]! });
    expect((await again()).status).toBe(304);
    await harness.deps.store.forOrg(harness.org).forecasts.fail(id, "Too short");
    expect(await again()).toMatchObject({ status: 200, body: { status: "failed", error: "Too short" } });
  });
});

describe("400", () => {
  test.each(["/api/v1/forecasts/fct_1", "/api/v1/forecasts?series=cpu", "/api/v1/forecasts?limit=0", "/api/v1/forecast-backends?x=1"])(
    "%s is refused",
    async (path) => {
      expect((await get(path)).status).toBe(400);
    },
  );
});

describe("404", () => {
  test("a missing forecast and another organisation's are refused alike", async () => {
    const { id } = await made("cpu");
    const path = `/api/v1/forecasts/${id}`;
    const missing = `/api/v1/forecasts/fct_${"0".repeat(24)}`;
    const [foreign, unknown] = [await get(path, harness.otherOrg), await get(missing, harness.otherOrg)];
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect(foreign.body).toEqual({ ...(unknown.body as object), instance: path });
    expect((await get("/api/v1/forecasts", harness.otherOrg)).body).toEqual({ items: [], nextCursor: null });
  });
});
