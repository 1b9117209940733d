import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import ingestHttp from "./http.ts";

let harness: Harness;
let server: TestHttp;
let key: string;
beforeEach(async () => {
  harness = await startHarness();
  server = startHttp(harness);
  key = await server.keyOf(harness.org, ["write", "admin"]);
});
afterEach(() => harness.close());

const metric = (value: unknown, more: object = {}) => ({ metricKey: "cpu", timestamp: START, value, ...more });
const send = (metrics: unknown, headers: Record<string, string> = {}) =>
  server.request(ingestHttp, "POST", "/api/v1/ingest", { key, body: { metrics }, headers });
const stored = async () => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const { timestamps, values } = await points.newest(series.idOf("cpu", {}), { before: START * 2, limit: 100 });
  return [...timestamps].map((timestamp, row) => [timestamp, values[row]]);
};
const letters = async () =>
  (await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key })).body as {
    items: { id: string; reason: string; attempts: number }[];
  };

describe("200", () => {
  test("each metric of a batch is judged alone, and the good ones are readable at once", async () => {
    const answer = await send([metric(1), metric("NaN"), metric(2, { timestamp: START + 1_000 }), metric(3, { unknown: 1 }), 7]);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        accepted: 2,
        rejected: 3,
        errors: [
          { index: 1, path: "value" },
          { index: 3, path: "unknown" },
          { index: 4, path: "" },
        ],
      },
    });
    expect(await stored()).toEqual([
      [START, 1],
      [START + 1_000, 2],
    ]);
  });

  test("the same timestamp again: the last write wins, within a batch and later", async () => {
    await send([metric(1), metric(2)]);
    expect(await stored()).toEqual([[START, 2]]);
    await send([metric(3)]);
    expect(await stored()).toEqual([[START, 3]]);
  });

  test("an Idempotency-Key gives the first answer again and stores nothing twice", async () => {
    const headers = { "idempotency-key": '"batch-1"' };
    const first = await send([metric(1), metric("x")], headers);
    await send([metric(2)]);
    const again = await send([metric(1), metric("x")], headers);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.headers["Idempotency-Replayed"]).toBe("true");
    expect(await stored()).toEqual([[START, 2]]);
    expect((await send([metric(9)], headers)).status).toBe(422);
  });

  test("the same request twice at once takes effect once", async () => {
    const headers = { "idempotency-key": "same" };
    const answers = await Promise.all([send([metric(1)], headers), send([metric(1)], headers), send([metric(1)], headers)]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [200, { accepted: 1, rejected: 0, errors: [] }]));
    const [log] = await harness.database.read("SELECT count(*) AS n FROM write_log", {});
    expect(log!["n"]).toBe(1);
  });
});

describe("400", () => {
  test.each([
    ["no metrics", {}],
    ["an empty batch", { metrics: [] }],
    ["1,001 metrics", { metrics: Array.from({ length: 1_001 }, () => metric(1)) }],
    ["an unknown member", { metrics: [metric(1)], more: true }],
    ["metrics that are no list", { metrics: metric(1) }],
  ])("the envelope is judged as a whole: %s", async (_name, body) => {
    const answer = await server.request(ingestHttp, "POST", "/api/v1/ingest", { key, body });
    expect(answer).toMatchObject({ status: 400, body: { type: expect.stringContaining("validation-failed") as unknown } });
    expect(await stored()).toEqual([]);
  });
});

describe("422", () => {
  test("none accepted: the counts and errors stand beside the problem, and each is a dead letter", async () => {
    const answer = await send([metric(null), metric(1, { timestamp: START + 8 * 86_400_000 })]);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        type: expect.stringContaining("nothing-accepted") as unknown,
        accepted: 0,
        rejected: 2,
        errors: [
          { index: 0, path: "value" },
          { index: 1, path: "timestamp" },
        ],
      },
    });
    expect((await letters()).items.map(({ reason }) => reason).toSorted()).toEqual([
      "timestamp: Lies more than 7 days ahead",
      "value: Expected a finite number",
    ]);
  });
});

describe("429", () => {
  test("points are limited by the key's points a second", async () => {
    const batch = Array.from({ length: 1_000 }, (_, n) => metric(n, { timestamp: START + n }));
    const rate_limit = JSON.stringify({ requestsPerSecond: 100, burst: 200, pointsPerSecond: 1_000 });
    await harness.database.write([{ sql: "UPDATE api_key SET rate_limit = :rate_limit", args: { rate_limit } }]);
    const statuses = [await send(batch), await send(batch), await send(batch)].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
    harness.clock.advance(1_000);
    expect((await send(batch)).status).toBe(200);
  });
});

describe("dead letters", () => {
  test.each([
    ["in a name that the reason quotes", String.raw`{"metricKey": "a", "timestamp": 1, "value": 1, "\ud83d": 1}`],
    ["where the payload is cut, after an even number", JSON.stringify({ metricKey: "😀".repeat(5_000) })],
    ["where the payload is cut, after an odd number", JSON.stringify({ metricKey: `x${"😀".repeat(5_000)}` })],
  ])("with half of a character %s are kept, and can be read", async (_where, metric) => {
    await server.request(ingestHttp, "POST", "/api/v1/ingest", { key, bytes: `{"metrics": [${metric}]}` });
    const { items } = await letters();
    expect(items).toHaveLength(1);
    expect(JSON.stringify(items)).not.toMatch(/\\ud/);
  });

  test("the same bad point again updates its letter, and never makes a second", async () => {
    for (let n = 0; n < 3; n++) await send([metric(1), metric("x")]);
    expect((await letters()).items).toMatchObject([{ attempts: 3 }]);
  });

  test("a letter that is replayed and fails again is updated; one that is accepted by now is taken in and gone", async () => {
    const ahead = START + 8 * 86_400_000;
    await send([metric(1), metric(5, { timestamp: ahead })]);
    const [letter] = (await letters()).items;
    const replay = () => server.request(ingestHttp, "POST", `/api/v1/dead-letters/${letter!.id}/replay`, { key });
    expect((await replay()).status).toBe(422);
    expect((await letters()).items).toMatchObject([{ id: letter!.id, attempts: 2 }]);
    harness.clock.advance(2 * 86_400_000);
    expect(await replay()).toMatchObject({ status: 200, body: { accepted: 1 } });
    expect((await letters()).items).toEqual([]);
    expect(await stored()).toEqual([
      [START, 1],
      [ahead, 5],
    ]);
    expect((await replay()).status).toBe(404);
  });

  test.each(["1e999", "~", "-", "9~9~9"])("a cursor that is none of ours, %s, is refused", async (cursor) => {
    await send([metric("x")]);
    const list = await server.request(ingestHttp, "GET", `/api/v1/dead-letters?cursor=${cursor}`, { key });
    expect(list).toMatchObject({ status: 400, body: { errors: [{ path: "cursor" }] } });
  });

  test("a letter that is dropped is gone, and another organisation's cannot be", async () => {
    await send([metric("x")]);
    const [letter] = (await letters()).items;
    const other = await server.keyOf(harness.otherOrg, ["*"]);
    const drop = (by: string) => server.request(ingestHttp, "DELETE", `/api/v1/dead-letters/${letter!.id}`, { key: by });
    expect((await drop(other)).status).toBe(404);
    expect((await drop(key)).status).toBe(204);
    expect((await letters()).items).toEqual([]);
  });
});
