import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { batchOf } from "../../shared/core/series/batch.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import ingestHttp from "../ingest/http.ts";
import seriesHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["*"]);
});
afterEach(() => harness.close());

const get = async (path: string, by = key) => (await server.request(seriesHttp, "GET", path, { key: by })).body;
const send = (metrics: object[]) =>
  server.request(ingestHttp, "POST", "/api/v1/ingest", {
    key,
    body: { metrics: metrics.map((metric) => ({ timestamp: START, value: 1, ...metric })) },
  });

test("says how many series there are, which metrics have the most, and which dimensions make them", async () => {
  for (const host of ["a", "b", "c"]) await harness.store("cpu", [[START, 1]], { host, zone: "x" });
  await harness.store("memory", [[START, 1]]);
  expect(await get("/api/v1/usage?metricKey=cpu")).toEqual({
    series: 4,
    seriesLimit: 1_000_000,
    metrics: [
      { metricKey: "cpu", series: 3 },
      { metricKey: "memory", series: 1 },
    ],
    dimensions: [
      { name: "host", values: 3, series: 3 },
      { name: "zone", values: 1, series: 3 },
    ],
  });
  expect(await get("/api/v1/usage?limit=1")).toMatchObject({ metrics: [{ metricKey: "cpu" }], dimensions: null });
  expect(await get("/api/v1/usage", await server.keyOf(harness.otherOrg, ["read"]))).toMatchObject({ series: 0, metrics: [] });
});

test("a new series beyond the organisation's limit is refused with the limit's name, and those there are go on", async () => {
  await harness.database.write([{ sql: "UPDATE org SET series_limit = 2 WHERE id = :org", args: { org: harness.org } }]);
  expect(await send([{ metricKey: "a" }])).toMatchObject({ status: 200 });
  const mixed = await send([
    { metricKey: "a", timestamp: START + 1 },
    { metricKey: "b" },
    { metricKey: "c" },
    { metricKey: "c", timestamp: START + 1 },
  ]);
  expect(mixed).toMatchObject({ status: 200, body: { accepted: 2, rejected: 2, errors: [{ index: 2 }, { index: 3 }] } });
  expect((mixed.body as { errors: { message: string }[] }).errors[0]!.message).toContain("as many as it may have");
  expect(await send([{ metricKey: "c" }])).toMatchObject({ status: 422 });
  expect(await send([{ metricKey: "b", timestamp: START + 2 }])).toMatchObject({ status: 200 });
  expect(await get("/api/v1/usage")).toMatchObject({ series: 2, seriesLimit: 2 });
});

test("the newest point of each series is found in log and chunks, page by page", async () => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  await harness.store(
    "cpu",
    [
      [START, 1],
      [START + 5, 2],
    ],
    { host: "a" },
  );
  harness.clock.advance(2 * 3_600_000);
  await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 100, now: harness.clock.now() });
  await harness.store(
    "cpu",
    [
      [START + 5, 3],
      [START + 4, 9],
    ],
    { host: "a" },
  );
  await harness.store("cpu", [[START, 7]], { host: "b" });
  // Rejected points leave no series behind; this one has a name and no point.
  await points.append({
    points: batchOf([{ ...series.resolve("cpu", { host: "c" }), timestamps: new Float64Array(), values: new Float64Array() }]),
    rejected: [],
    at: START,
  });

  const first = (await get("/api/v1/series/last?metricKey=cpu&limit=1")) as { items: unknown[]; nextCursor: string };
  const second = (await get(`/api/v1/series/last?metricKey=cpu&limit=100&cursor=${encodeURIComponent(first.nextCursor)}`)) as typeof first;
  const found = [...first.items, ...second.items] as { series: { dimensions: { host: string } }; timestamp: string; value: number }[];
  const byHost = Object.fromEntries(found.map((item) => [item.series.dimensions.host, [Date.parse(item.timestamp), item.value]]));
  expect(byHost).toEqual({ a: [START + 5, 3], b: [START, 7] });
  expect(await get("/api/v1/series/last?match=host%3D%22b%22")).toMatchObject({ items: [{ value: 7 }] });
});

test("a person says what a series is, and takes it back; nobody else's can be changed", async () => {
  const id = await harness.store("requests", [[START, 1]]);
  const patch = (body: object, headers = {}, by = key) =>
    server.request(seriesHttp, "PATCH", `/api/v1/series/${id}`, { key: by, body, headers });
  const first = await patch({ kind: "counter", unit: "{request}", timezone: "Europe/Berlin" });
  expect(first).toMatchObject({ status: 200, body: { id, kind: "counter", unit: "{request}", timezone: "Europe/Berlin" } });
  expect(await get(`/api/v1/series/${id}`)).toEqual(first.body);
  expect((await patch({ unit: "1" }, { "if-match": '"other"' })).status).toBe(412);
  expect(await patch({ kind: null }, { "if-match": first.headers["ETag"]! })).toMatchObject({ body: { kind: null, unit: "{request}" } });
  expect((await patch({ timezone: "Mars" })).status).toBe(400);

  await Promise.all([patch({ kind: "gauge" }), patch({ unit: "ms" }), patch({ timezone: "UTC" })]);
  expect(await patch({})).toMatchObject({ body: { kind: "gauge", unit: "ms", timezone: "UTC" } });
  expect((await patch({ unit: "s" }, {}, await server.keyOf(harness.otherOrg, ["*"]))).status).toBe(404);
});

test("a series is learned anew when it is said to be read as another kind, and only then", async () => {
  const id = await harness.store("requests", [[START, 1]]);
  const asked = async (kind: string | null) => {
    await server.request(seriesHttp, "PATCH", `/api/v1/series/${id}`, { key, body: { kind, unit: String(kind) } });
    const rows = await harness.database.read(
      "SELECT event ->> '$.data.series[0]' AS id FROM outbox WHERE event ->> '$.type' LIKE '%relearn%'",
      {},
    );
    return rows.map((row) => row["id"]);
  };
  expect(await asked("gauge")).toEqual([]);
  expect(await asked("counter")).toEqual([id]);
  expect(await asked("counter")).toEqual([id]);
  expect(await asked("delta")).toEqual([id, id]);
  expect(await asked(null)).toEqual([id, id, id]);
  expect(await asked("gauge")).toEqual([id, id, id]);
});

describe("a counter", () => {
  const counted: [number, number][] = [10, 40, 70, 5, 35].map((value, row) => [START + row * 10_000, value]);
  const rates: [number, number][] = [3, 3, 0.5, 3].map((rate, row) => [START + (row + 1) * 10_000, rate]);
  let id: string;
  beforeEach(async () => {
    id = await harness.store("requests_total", counted);
    await server.request(seriesHttp, "PATCH", `/api/v1/series/${id}`, { key, body: { kind: "counter" } });
  });

  test("is read raw, or as its rate a second, in both orders, on any pages", async () => {
    const read = async (query: string) => {
      const pairs: [number, number][] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const path = `/api/v1/series/${id}/points?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`;
        const page = (await get(path)) as { timestamps: number[]; values: number[]; nextCursor: string | null };
        pairs.push(...page.timestamps.map((timestamp, row): [number, number] => [timestamp, page.values[row]!]));
        cursor = page.nextCursor;
      }
      return pairs;
    };
    expect(await read("limit=2")).toEqual(counted);
    for (const limit of [1, 2, 3, 100]) {
      expect(await read(`as=rate&limit=${limit}`)).toEqual(rates);
      expect(await read(`as=rate&order=desc&limit=${limit}`)).toEqual(rates.toReversed());
    }
    expect(await read(`as=rate&from=${START + 30_000}`)).toEqual(rates.slice(2));
    expect(await get(`/api/v1/series/${id}/points?as=rate&step=1m&agg=max`)).toMatchObject({ aggregates: { max: [3] } });
  });

  test("has no rate while it is none", async () => {
    await server.request(seriesHttp, "PATCH", `/api/v1/series/${id}`, { key, body: { kind: "gauge" } });
    expect(await get(`/api/v1/series/${id}/points?as=rate`)).toMatchObject({ status: 400, errors: [{ path: "as" }] });
  });

  test("has an ETag, and is not sent again while it is the same", async () => {
    const ask = (headers = {}) => server.request(seriesHttp, "GET", `/api/v1/series/${id}/points`, { key, headers });
    const { headers } = await ask();
    expect((await ask({ "if-none-match": headers["ETag"]! })).status).toBe(304);
    await harness.store("requests_total", [[START, 11]]);
    expect((await ask({ "if-none-match": headers["ETag"]! })).status).toBe(200);
  });
});
