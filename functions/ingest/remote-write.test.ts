import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { compressSync } from "snappy";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { MAX_PARTS } from "../../shared/core/ingest/wire.ts";
import { encodeMessage, WriteRequest, WriteRequest2 } from "../../shared/testing/remote-write.ts";
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

const VERSION_2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const write = (message: Uint8Array, headers: Record<string, string> = {}) =>
  server.request(ingestHttp, "POST", "/api/v1/write", {
    key,
    bytes: compressSync(Buffer.from(message)),
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy", ...headers },
  });
/** A field of bytes on the wire. */
const field = (number: number, bytes: Uint8Array): Uint8Array => {
  const length: number[] = [];
  for (let left = bytes.length; length.length === 0 || left > 0; left = Math.floor(left / 128))
    length.push((left % 128) | (left > 127 ? 128 : 0));
  return Buffer.concat([Buffer.of(number * 8 + 2, ...length), bytes]);
};
const labels = (more: Record<string, string>) => Object.entries(more).map(([name, value]) => ({ name, value }));
const up = (samples: { value: number; timestamp: number }[], more: Record<string, string> = {}) => ({
  labels: labels({ __name__: "up", job: "node", ...more }),
  samples,
});
const stored = async (metricKey: string, dimensions: Record<string, string>) => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const { timestamps, values } = await points.newest(series.idOf(metricKey, dimensions), { before: START * 2, limit: 100 });
  return [...timestamps].map((timestamp, row) => [timestamp, values[row]]);
};
const seriesOf = async () =>
  (await harness.deps.store.forOrg(harness.org).series.list({ matchers: [] }, { limit: 100, cursor: undefined })).items;
const letters = async () =>
  (
    (await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key })).body as {
      items: { source: string; reason: string; payload: string }[];
    }
  ).items;

describe("204", () => {
  test("all samples of a request of 1.0 are stored under their names, labels without a value left out", async () => {
    const samples = [
      { value: 1, timestamp: START },
      { value: 2, timestamp: START + 1_000 },
    ];
    const answer = await write(
      encodeMessage(WriteRequest, { timeseries: [up(samples, { empty: "" }), up([{ value: 3, timestamp: START }], { "a.b/c": "x" })] }),
    );
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(await stored("up", { job: "node" })).toEqual([
      [START, 1],
      [START + 1_000, 2],
    ]);
    expect(await stored("up", { job: "node", "a.b_c": "x" })).toEqual([[START, 3]]);
  });

  test("the same request again changes nothing, and a later value of the same time wins", async () => {
    const message = (value: number) => encodeMessage(WriteRequest, { timeseries: [up([{ value, timestamp: START }])] });
    for (const value of [1, 1, 2]) expect((await write(message(value))).status).toBe(204);
    expect(await stored("up", { job: "node" })).toEqual([[START, 2]]);
    expect(await seriesOf()).toHaveLength(1);
  });

  test("metadata of a family of 1.0 is kept for its series, and does not change what is known", async () => {
    const series = ["latency_bucket", "latency_count", "up"].map((name) => ({
      labels: labels({ __name__: name }),
      samples: [{ value: 1, timestamp: START }],
    }));
    await write(encodeMessage(WriteRequest, { timeseries: series }));
    const describe = (type: number, unit: string) =>
      write(
        encodeMessage(WriteRequest, {
          metadata: [
            { type, metricFamilyName: "latency", unit },
            { type: 2, metricFamilyName: "up" },
          ],
        }),
      );
    expect((await describe(3, "s")).status).toBe(204);
    await describe(2, "ms");
    expect((await seriesOf()).map(({ metricKey, kind, unit }) => [metricKey, kind, unit])).toEqual([
      ["latency_bucket", "counter", "s"],
      ["latency_count", "counter", "s"],
      ["up", "gauge", null],
    ]);
  });

  test("a request of 2.0 brings its metadata along, and is told what was written", async () => {
    const symbols = ["", "__name__", "requests_total", "job", "api", "By"];
    const samples = [{ value: 5, timestamp: START }];
    const message = encodeMessage(WriteRequest2, {
      symbols,
      timeseries: [{ labelsRefs: [1, 2, 3, 4], samples, metadata: { type: 1, unitRef: 5 } }],
    });
    const answer = await write(message, { "content-type": VERSION_2 });
    expect(answer).toMatchObject({ status: 204, headers: { "X-Prometheus-Remote-Write-Samples-Written": "1" } });
    expect(await stored("requests_total", { job: "api" })).toEqual([[START, 5]]);
    expect(await seriesOf()).toMatchObject([{ kind: "counter", unit: "By" }]);
  });
});

describe("400", () => {
  test("what cannot be taken in becomes a dead letter, the rest is stored, and it is no success", async () => {
    const timeseries = [
      up([
        { value: 1, timestamp: START },
        { value: Number.NaN, timestamp: START + 1 },
        { value: 1, timestamp: START + 8 * 86_400_000 },
      ]),
      { labels: labels({ job: "nameless" }), samples: [{ value: 1, timestamp: START }] },
      { labels: labels({ __name__: "native" }), histograms: [{ countInt: 1, timestamp: START }] },
      up([{ value: 1, timestamp: START }], { "a-b": "1", "a+b": "2", "a b": "3" }),
    ];
    const answer = await write(encodeMessage(WriteRequest, { timeseries }));
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining("1 points were taken in, 5 were not") as unknown });
    expect(await stored("up", { job: "node" })).toEqual([[START, 1]]);
    const dead = await letters();
    expect(dead.map(({ source, reason }) => `${source}: ${reason}`).toSorted()).toEqual([
      "remote_write: Native histograms are not taken in: send classic ones too",
      "remote_write: The metric has no name",
      "remote_write: Two labels are named a_b",
      "remote_write: timestamp: Lies more than 7 days ahead",
      "remote_write: value: Expected a finite number",
    ]);
  });

  test("of 2.0 too, with what was written", async () => {
    const symbols = ["", "__name__", "up"];
    const samples = [
      { value: 1, timestamp: START },
      { value: Infinity, timestamp: START + 1 },
    ];
    const answer = await write(encodeMessage(WriteRequest2, { symbols, timeseries: [{ labelsRefs: [1, 2], samples }] }), {
      "content-type": VERSION_2,
    });
    expect(answer).toMatchObject({ status: 400, headers: { "X-Prometheus-Remote-Write-Samples-Written": "1" } });
  });

  test("what is no block of snappy, or no message, is refused in words", async () => {
    const headers = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
    const garbage = await server.request(ingestHttp, "POST", "/api/v1/write", { key, bytes: "no snappy", headers });
    expect(garbage).toMatchObject({
      status: 400,
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      body: "The body is not a block of snappy.\n",
    });
    expect((await write(Buffer.from("no protobuf"))).status).toBe(400);
  });
});

test("a later timestamp than the letter's is taken in when it is replayed in its time", async () => {
  const ahead = START + 8 * 86_400_000;
  await write(encodeMessage(WriteRequest, { timeseries: [up([{ value: 4, timestamp: ahead }])] }));
  harness.clock.advance(2 * 86_400_000);
  const { body } = await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key });
  const [letter] = (body as { items: { id: string }[] }).items;
  expect((await server.request(ingestHttp, "POST", `/api/v1/dead-letters/${letter!.id}/replay`, { key })).status).toBe(200);
  expect(await stored("up", { job: "node" })).toEqual([[ahead, 4]]);
});

test("413: a block that says that it is longer than 32 MiB is refused before it is uncompressed", async () => {
  const bytes = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x0f, 0x00]);
  const headers = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
  expect((await server.request(ingestHttp, "POST", "/api/v1/write", { key, bytes, headers })).status).toBe(413);
});

test.each([
  ["samples", "application/x-protobuf", () => field(1, Buffer.alloc(2 * MAX_PARTS, Buffer.of(0x12, 0)))],
  ["series of 1.0", "application/x-protobuf", () => Buffer.alloc(2 * MAX_PARTS + 2, Buffer.of(0x0a, 0))],
  ["labels of 1.0", "application/x-protobuf", () => field(1, Buffer.alloc(2 * MAX_PARTS, Buffer.of(0x0a, 0)))],
  ["metadata", "application/x-protobuf", () => Buffer.alloc(40_002, Buffer.of(0x1a, 0))],
  ["series of 2.0", VERSION_2, () => Buffer.alloc(2 * MAX_PARTS + 2, Buffer.of(0x2a, 0))],
  ["symbols", VERSION_2, () => Buffer.alloc(2 * MAX_PARTS + 2, Buffer.of(0x22, 0))],
  ["labels of 2.0", VERSION_2, () => Buffer.concat([field(4, Buffer.alloc(0)), field(5, field(1, Buffer.alloc(MAX_PARTS)))])],
])("413: a request of more %s than it may have is refused with the limit", async (_what, type, message) => {
  const { status, body } = await write(message(), { "content-type": type });
  expect([status, body]).toEqual([413, expect.stringMatching(/^The body is not read: The request has .*more than (500000|20000) /)]);
});

test.each(["application/json", "application/x-protobuf;proto=io.prometheus.write.v3.Request", "text/plain"])("415: %s", async (type) => {
  expect((await write(new Uint8Array(), { "content-type": type })).status).toBe(415);
});

test("429: what is rejected counts against the key's points a second too", async () => {
  const rate_limit = JSON.stringify({ requestsPerSecond: 100, burst: 200, pointsPerSecond: 10 });
  await harness.database.write([{ sql: "UPDATE api_key SET rate_limit = :rate_limit", args: { rate_limit } }]);
  const samples = Array.from({ length: 20 }, (_, row) => ({ value: Infinity, timestamp: START + row }));
  expect((await write(encodeMessage(WriteRequest, { timeseries: [up(samples)] }))).status).toBe(400);
  expect((await write(encodeMessage(WriteRequest, { timeseries: [up([{ value: 1, timestamp: START }])] }))).status).toBe(429);
});

test("401 and 403 are said in words", async () => {
  const send = (by: string | undefined) => server.request(ingestHttp, "POST", "/api/v1/write", { key: by, bytes: "" });
  expect(await send(undefined)).toMatchObject({ status: 401, headers: { "Content-Type": "text/plain; charset=utf-8" } });
  expect((await send(await server.keyOf(harness.org, ["read"]))).status).toBe(403);
});
