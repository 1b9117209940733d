import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import compactTick from "../compact/tick.ts";
import ingestHttp from "../ingest/http.ts";
import seriesHttp from "./http.ts";

const DAY = 86_400_000;

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["*"]);
});
afterEach(() => harness.close());

const get = (by = key) => server.request(seriesHttp, "GET", "/api/v1/retention", { key: by });
const put = (body: object, headers = {}, by = key) => server.request(seriesHttp, "PUT", "/api/v1/retention", { key: by, body, headers });
const FOR_EVER = { raw: null, rollups: null };

test("everything is kept for ever until somebody says otherwise, and says so again", async () => {
  expect(await get()).toMatchObject({ status: 200, body: FOR_EVER });
  expect(await put({ raw: "90d", rollups: "9600h" })).toMatchObject({ status: 200, body: { raw: "90d", rollups: "400d" } });
  expect(await get()).toMatchObject({ body: { raw: "90d", rollups: "400d" } });
  expect(await get(await server.keyOf(harness.otherOrg, ["read"]))).toMatchObject({ body: FOR_EVER });
  expect(await put(FOR_EVER)).toMatchObject({ status: 200, body: FOR_EVER });
});

test.each([
  [{ raw: "90d" }],
  [{ raw: "1h", rollups: null }],
  [{ raw: "3651d", rollups: null }],
  [{ raw: "90d", rollups: "89d" }],
  [{ raw: null, rollups: "400d" }],
  [{ raw: 90, rollups: null }],
  [{ raw: "90d", rollups: null, series: "cpu" }],
])("%j is no retention", async (body) => {
  expect((await put(body)).status).toBe(400);
  expect(await get()).toMatchObject({ body: FOR_EVER });
});

test("only an administrator changes it, and nobody what has changed since it was read", async () => {
  expect((await put(FOR_EVER, {}, await server.keyOf(harness.org, ["read", "write"]))).status).toBe(403);
  const { headers } = await get();
  expect((await put({ raw: "90d", rollups: null }, { "if-match": headers["ETag"]! })).status).toBe(200);
  expect((await put({ raw: "10d", rollups: null }, { "if-match": headers["ETag"]! })).status).toBe(412);
  expect(await get()).toMatchObject({ body: { raw: "90d" } });
});

test("of two that change what both have read, one is told that it is too late", async () => {
  const { headers } = await get();
  const own = { "if-match": headers["ETag"]! };
  const answers = await Promise.all([put({ raw: "90d", rollups: null }, own), put({ raw: "10d", rollups: null }, own)]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  expect((await get()).body).toEqual(answers.find(({ status }) => status === 200)!.body);
});

test("a door refuses what is past the retention, with its name, and takes the rest", async () => {
  await put({ raw: "90d", rollups: null });
  harness.clock.advance(61_000);
  const old = harness.clock.now() - 90 * DAY - 1;
  const metrics = [old, old + 1].map((timestamp) => ({ metricKey: "cpu", timestamp, value: 1 }));
  const json = await server.request(ingestHttp, "POST", "/api/v1/ingest", { key, body: { metrics } });
  expect(json).toMatchObject({ status: 200, body: { accepted: 1, rejected: 1, errors: [{ index: 0, path: "timestamp" }] } });
  const message = "Lies further back than the organisation's retention of 90d (GET /api/v1/retention)";
  expect(json.body).toMatchObject({ errors: [{ message }] });

  const dataPoints = [old, old + 1].map((timestamp) => ({ timeUnixNano: String(BigInt(timestamp) * 1_000_000n), asDouble: 1 }));
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "cpu", gauge: { dataPoints } }] }] }] };
  const otlp = await server.request(ingestHttp, "POST", "/v1/metrics", { key, body });
  expect(otlp).toMatchObject({ status: 200, body: { partialSuccess: { rejectedDataPoints: "1" } } });
  expect(JSON.stringify(otlp.body)).toContain(message);
  const letters = await harness.deps.store.forOrg(harness.org).deadLetters.list({ limit: 10 });
  expect(letters.items.map(({ reason }) => reason)).toEqual([`timestamp: ${message}`, `timestamp: ${message}`]);
});

test("the hour's tick drops points, keeps their hours, and forgets dead letters after thirty days", async () => {
  await put({ raw: "1d", rollups: null });
  const id = await harness.store(
    "cpu",
    Array.from({ length: 2_400 }, (_, minute) => [START + minute * 60_000, minute % 60] as const),
  );
  await server.request(ingestHttp, "POST", "/api/v1/ingest", {
    key,
    body: { metrics: [{ metricKey: "cpu", timestamp: START, value: "x" }] },
  });
  const read = (query: string) => server.request(seriesHttp, "GET", `/api/v1/series/${id}/points?${query}`, { key });
  const letters = async () => (await harness.deps.store.forOrg(harness.org).deadLetters.list({ limit: 10 })).items.length;
  const tick = async (day: number) => {
    harness.clock.set(START + day * DAY);
    await harness.deliver(compactTick, testEvent("tick.minute", null, {}, harness.clock.now()));
    await harness.deps.store.platform.compaction.compact(harness.org, { maxPoints: 10_000, now: harness.clock.now() });
    await harness.deliver(compactTick, testEvent("tick.hour", null, {}, harness.clock.now()));
  };
  const hours = await read("step=1h&agg=max&agg=count");
  await tick(2);
  expect((await read("limit=10000")).body).toMatchObject({ values: { length: 2_400 } });
  expect(await letters()).toBe(1);
  await tick(3);
  expect((await read("limit=10000")).body).toMatchObject({ values: [] });
  expect((await read("step=1h&agg=max&agg=count")).body).toEqual(hours.body);
  await tick(29);
  expect(await letters()).toBe(1);
  await tick(31);
  expect(await letters()).toBe(0);
});
