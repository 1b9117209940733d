import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ForecastResult } from "../../shared/contract/forecast.ts";
import type { ForecastId, SeriesId } from "../../shared/contract/ids.ts";
import type { SeriesForecasts } from "../../shared/contract/series-forecast.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { forecastResult } from "../../shared/testing/forecasts.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { readSeriesForecasts } from "./forecasts.ts";
import seriesHttp from "./http.ts";

const HOUR = 3_600_000;

let harness: Harness;
let server: TestHttp;
let cpu: SeriesId;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  cpu = await harness.store("cpu", [[START, 1]]);
});
afterEach(() => harness.close());

const idOf = (name: string) => hashId<ForecastId>("fct", [name]);
/** Stores a forecast made so many hours after the start, for the hours after it: of `base` and the step, 1 to either side. */
async function forecast(
  name: string,
  hour: number,
  horizon: number,
  base: number,
  { levels = [80], ...more }: Partial<ForecastResult> & { levels?: number[] } = {},
) {
  const at = START + hour * HOUR;
  const mean = Array.from({ length: horizon }, (_, i) => base + i);
  const result = forecastResult(at, mean, {
    intervals: levels.map((level) => ({ level, lo: mean.map((value) => value - 1), hi: mean.map((value) => value + 1) })),
    ...more,
  });
  const parameters = { horizon, levels, backend: "native" as const };
  await harness.deps.store
    .forOrg(harness.org)
    .forecasts.save({ id: idOf(name), series: cpu, cutoff: at, createdAt: at, parameters }, result);
}
const PAST = { from: isoTime(START) };
const read = async (query: object = PAST) => (await harness.call(readSeriesForecasts, { id: cpu, ...query })) as SeriesForecasts;
/** Hours after the start, each with the mean. */
const rows = ({ timestamps, mean }: SeriesForecasts) => timestamps.map((time, row) => [(time - START) / HOUR, mean[row]]);
const get = async (
  query: string,
  { org = harness.org, headers = {} }: { org?: typeof harness.org; headers?: Record<string, string> } = {},
) => server.request(seriesHttp, "GET", `/api/v1/series/${cpu}/forecasts${query}`, { key: await server.keyOf(org, ["read"]), headers });

describe("200", () => {
  test("past times show what was said before, and later ones what the newest forecast says", async () => {
    await forecast("old", 0, 4, 10);
    await forecast("new", 2, 4, 20);
    const own = { backend: "native", frequency: "1h", lead: 1 };
    expect(await read()).toEqual({
      series: cpu,
      timestamps: [1, 2, 3, 4, 5, 6].map((hour) => START + hour * HOUR),
      mean: [10, 11, 20, 21, 22, 23],
      intervals: [{ level: 80, lo: [9, 10, 19, 20, 21, 22], hi: [11, 12, 21, 22, 23, 24] }],
      forecasts: [
        { ...own, id: idOf("old"), cutoff: isoTime(START), row: 0, rows: 2 },
        { ...own, id: idOf("new"), cutoff: isoTime(START + 2 * HOUR), row: 2, rows: 4 },
      ],
      nextCursor: null,
    });
  });

  test("unless asked for, the past is left out", async () => {
    await forecast("a", 0, 4, 10);
    harness.clock.set(START + 3 * HOUR);
    expect(rows(await read({}))).toEqual([
      [3, 12],
      [4, 13],
    ]);
    expect(rows(await read({ ...PAST, to: isoTime(START + 2 * HOUR) }))).toEqual([[1, 10]]);
  });

  test("a lead shows what was said so many steps ahead, and a horizon nothing that was said earlier", async () => {
    for (const hour of [0, 1, 2]) await forecast(`f${hour}`, hour, 4, 10 * (hour + 1));
    expect(rows(await read({ ...PAST, lead: "3" }))).toEqual([
      [3, 12],
      [4, 22],
      [5, 32],
      [6, 33],
    ]);
    expect(rows(await read({ ...PAST, horizon: "1" }))).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    const { forecasts } = await read({ ...PAST, lead: "3" });
    expect(forecasts.map(({ row, rows: count, lead }) => [row, count, lead])).toEqual([
      [0, 1, 3],
      [1, 1, 3],
      [2, 2, 3],
    ]);
  });

  test("levels are those of the newest forecast, null where another one has none of them", async () => {
    await forecast("old", 0, 2, 10, { levels: [50, 80] });
    await forecast("new", 1, 1, 20, { levels: [80, 95] });
    expect((await read()).intervals).toEqual([
      { level: 80, lo: [9, 19], hi: [11, 21] },
      { level: 95, lo: [null, 19], hi: [null, 21] },
    ]);
  });

  test("forecasts can be those of one backend or frequency", async () => {
    await forecast("hourly", 0, 3, 10);
    await forecast("other", 1, 3, 20, { backend: "stub", frequency: "30m", timestamps: [1, 1.5, 2].map((hour) => START + hour * HOUR) });
    expect(rows(await read({ ...PAST, backend: "native" }))).toEqual([
      [1, 10],
      [2, 11],
      [3, 12],
    ]);
    expect(rows(await read({ ...PAST, frequency: "30m" }))).toEqual([
      [1, 20],
      [1.5, 21],
      [2, 22],
    ]);
  });

  test("pages add up to the whole, with the same levels on each", async () => {
    await forecast("long", 0, 9, 10, { levels: [95] });
    await forecast("short", 2, 2, 20);
    const whole = await read();
    const pages: SeriesForecasts[] = [];
    for (let cursor: string | null = ""; cursor !== null; cursor = pages.at(-1)!.nextCursor) {
      pages.push(await read({ ...PAST, limit: "2", ...(cursor === "" ? {} : { cursor }) }));
    }
    expect(pages).toHaveLength(5);
    expect(pages.flatMap(rows)).toEqual(rows(whole));
    expect(pages.every(({ intervals }) => intervals.length === 1 && intervals[0]!.level === 80)).toBe(true);
    expect(pages.flatMap(({ intervals }) => intervals[0]!.lo)).toEqual(whole.intervals[0]!.lo);
  });

  test("a page reads so many forecasts", async () => {
    for (let hour = 0; hour < 103; hour++) await forecast(`f${hour}`, hour, 1, hour);
    const first = await read();
    expect(first.timestamps).toHaveLength(100);
    expect(rows(await read({ ...PAST, cursor: first.nextCursor }))).toEqual([
      [101, 100],
      [102, 101],
      [103, 102],
    ]);
  });

  test("a series without forecasts has no rows", async () => {
    expect(await read()).toEqual({ series: cpu, timestamps: [], mean: [], intervals: [], forecasts: [], nextCursor: null });
  });
});

describe("304", () => {
  test("what is known is not sent again, until there is a newer forecast", async () => {
    await forecast("a", 0, 2, 10);
    const { headers } = await get("");
    const again = () => get("", { headers: { "if-none-match": headers["ETag"]! } });
    expect((await again()).status).toBe(304);
    await forecast("b", 1, 2, 20);
    expect((await again()).status).toBe(200);
  });
});

describe("400", () => {
  test.each(["?lead=0", "?lead=721", "?limit=10001", "?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z", "?frequency=1", "?x=1"])(
    "%s is refused",
    async (query) => {
      expect((await get(query)).status).toBe(400);
    },
  );

  test("a window that too many forecasts reach into is refused", async () => {
    await harness.database.write([
      {
        sql: `
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5001)
          INSERT INTO forecast (id, org, series, status, request, cutoff, backend, created_at, starts_at, ends_at, frequency_ms)
          SELECT 'fct_' || i, :org, :series, 'completed', '{}', 0, 'native', i, :start, :start + 1, 1 FROM n`,
        args: { org: harness.org, series: cpu, start: START },
      },
    ]);
    expect(await get("")).toMatchObject({
      status: 400,
      body: { errors: [{ path: "from", message: "More than 5000 forecasts reach into the window. Ask for a shorter one" }] },
    });
  });
});

describe("404", () => {
  test("a series of another organisation is not there", async () => {
    await forecast("a", 0, 2, 10);
    expect((await get("", { org: harness.otherOrg })).status).toBe(404);
  });
});
