import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Unavailable } from "../../shared/contract/problem.ts";
import { MAX_PARTS } from "../../shared/core/ingest/wire.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import type { TestHttp } from "../../shared/testing/http.ts";
import { decodeOtlp, encodeOtlp } from "../../shared/testing/otlp.ts";
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

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const nanos = (ms: number) => `${ms}000000`;
const requestOf = (...metrics: object[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeMetrics: [{ scope: { name: "x" }, metrics }],
    },
  ],
});
const gauge = (name: string, ...dataPoints: object[]) => ({ name, unit: "By", gauge: { dataPoints } });
const RIGHT = gauge("memory", { timeUnixNano: nanos(START), asInt: "7" });
const TIMELESS = gauge("memory", { asDouble: 1 }, { asDouble: 2 });

/** Sends bytes, and reads the answer in its own encoding. */
async function send(
  type: string,
  bytes: Uint8Array | string,
  { by = key, path = "/v1/metrics" }: { by?: string | undefined; path?: string } = {},
) {
  const { status, headers, body } = await server.request(ingestHttp, "POST", path, { key: by, bytes, headers: { "content-type": type } });
  return { status, headers, body, type: headers["Content-Type"] };
}
const asProtobuf = (...metrics: object[]) => send(PROTOBUF, encodeOtlp(requestOf(...metrics)));
const asJson = (...metrics: object[]) => send(JSON_TYPE, JSON.stringify(requestOf(...metrics)));
const answerIn = (type: "ExportMetricsServiceResponse" | "Status", body: unknown) => decodeOtlp(type, Buffer.from(body as string));
const stored = async (metricKey: string, dimensions: Record<string, string> = { "service.name": "shop" }) => {
  const { points, series } = harness.deps.store.forOrg(harness.org);
  const { timestamps, values } = await points.newest(series.idOf(metricKey, dimensions), { before: START * 2, limit: 100 });
  return [...timestamps].map((timestamp, row) => [timestamp, values[row]]);
};
const letters = async () =>
  (
    (await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key })).body as { items: { source: string; reason: string }[] }
  ).items.map(({ source, reason }) => `${source}: ${reason}`);

describe("200", () => {
  test.each(["/v1/metrics", "/api/v1/otlp/v1/metrics"])(
    "%s takes protobuf and JSON, and answers an empty message in the same",
    async (path) => {
      const protobuf = await send(PROTOBUF, encodeOtlp(requestOf(RIGHT)), { path });
      expect(protobuf).toMatchObject({ status: 200, type: PROTOBUF, body: "" });
      const json = await send(
        `${JSON_TYPE}; charset=utf-8`,
        JSON.stringify(requestOf(gauge("disk", { timeUnixNano: nanos(START), asInt: 8 }))),
        { path },
      );
      expect(json).toMatchObject({ status: 200, type: JSON_TYPE, body: {} });
      expect([await stored("memory"), await stored("disk")]).toEqual([[[START, 7]], [[START, 8]]]);
    },
  );

  test("kind and unit of a series are kept", async () => {
    const dataPoints = [{ timeUnixNano: nanos(START), count: "4", sum: 2 }];
    await asProtobuf(RIGHT, { name: "latency", unit: "s", histogram: { aggregationTemporality: 1, dataPoints } });
    const { items } = await harness.deps.store.forOrg(harness.org).series.list({ matchers: [] }, { limit: 100, cursor: undefined });
    expect(items.map(({ metricKey, kind, unit }) => [metricKey, kind, unit])).toEqual([
      ["latency.count", "delta", null],
      ["latency.sum", "delta", "s"],
      ["memory", "gauge", "By"],
    ]);
  });

  test("an empty request is a success", async () => {
    expect(await send(PROTOBUF, "")).toMatchObject({ status: 200, body: "" });
    expect(await send(JSON_TYPE, "{}")).toMatchObject({ status: 200, body: {} });
  });

  test("the same request again changes nothing, and a later value of the same time wins", async () => {
    for (const asInt of ["1", "1", "2"]) await asProtobuf(gauge("memory", { timeUnixNano: nanos(START), asInt }));
    expect(await stored("memory")).toEqual([[START, 2]]);
  });

  test("what is rejected is counted and said in the answer, and becomes a dead letter; the rest is stored", async () => {
    const partial = {
      rejectedDataPoints: "2",
      errorMessage: "1 points were taken in, 2 were not and are kept as dead letters. timestamp: The point has none",
    };
    const protobuf = await asProtobuf(RIGHT, TIMELESS);
    expect([protobuf.status, answerIn("ExportMetricsServiceResponse", protobuf.body)]).toEqual([200, { partialSuccess: partial }]);
    expect(await asJson(RIGHT, TIMELESS)).toMatchObject({ status: 200, body: { partialSuccess: partial } });
    expect(await stored("memory")).toEqual([[START, 7]]);
    expect(await letters()).toEqual(Array(2).fill("otlp: timestamp: The point has none"));
  });

  test("none accepted is a partial success of nothing", async () => {
    expect(await asJson(TIMELESS)).toMatchObject({ status: 200, body: { partialSuccess: { rejectedDataPoints: "2" } } });
  });
});

describe("a refusal is a Status in the request's encoding", () => {
  /** The code and message of both encodings, which are to be the same. */
  async function refused(bytes: { protobuf: Uint8Array; json: string }, by = key) {
    const protobuf = await send(PROTOBUF, bytes.protobuf, { by });
    const json = await send(JSON_TYPE, bytes.json, { by });
    expect([protobuf.type, json.type]).toEqual([PROTOBUF, JSON_TYPE]);
    expect(protobuf.status).toBe(json.status);
    const [first, second] = [answerIn("Status", protobuf.body), json.body] as { code: number; message: string }[];
    expect(first!.code).toBe(second!.code);
    expect([first!.message, second!.message]).not.toContain("");
    return { status: json.status, code: second!.code, messages: [first!.message, second!.message], headers: json.headers };
  }
  const both = (...metrics: object[]) => ({ protobuf: encodeOtlp(requestOf(...metrics)), json: JSON.stringify(requestOf(...metrics)) });

  test("400: what cannot be read", async () => {
    const cut = both(RIGHT);
    const { status, code, messages } = await refused({ protobuf: cut.protobuf.subarray(0, -1), json: cut.json.slice(0, -1) });
    expect([status, code, messages[0]]).toEqual([400, 3, "The body is not read: The message is cut off."]);
    const wrong = await send(JSON_TYPE, JSON.stringify({ resourceMetrics: [3] }));
    expect(wrong).toMatchObject({
      status: 400,
      body: { code: 3, message: "The body is not read: resourceMetrics[0]: expected an object." },
    });
    expect((await send(PROTOBUF, Buffer.from("no protobuf"))).status).toBe(400);
    expect((await send(JSON_TYPE, '{"resourceMetrics":['.repeat(50))).status).toBe(400);
  });

  test("401 and 403", async () => {
    expect(await refused(both(RIGHT), "iv_wrong")).toMatchObject({ status: 401, code: 16 });
    expect(await refused(both(RIGHT), await server.keyOf(harness.org, ["read"]))).toMatchObject({ status: 403, code: 7 });
    expect(await stored("memory")).toEqual([]);
  });

  test("413: more messages than are read", async () => {
    const { protobuf, json } = { protobuf: Buffer.alloc(2 * MAX_PARTS, Buffer.of(0x0a, 0)), json: `[${"0,".repeat(MAX_PARTS)}0]` };
    expect(await refused({ protobuf, json })).toMatchObject({ status: 413, code: 8 });
  });

  test.each(["text/plain", "application/grpc", ""])("415: %p, told in JSON", async (type) => {
    expect(await send(type, encodeOtlp(requestOf(RIGHT)))).toMatchObject({ status: 415, type: JSON_TYPE, body: { code: 3 } });
  });

  test("429, with the time to wait", async () => {
    for (let left = 200; left > 0; left--) await send(JSON_TYPE, "{}");
    expect(await refused(both(RIGHT))).toMatchObject({ status: 429, code: 8, headers: { "Retry-After": "1" } });
  });

  test("503, when the store does not answer", async () => {
    server = startHttp(harness, {
      authenticate: () => Promise.reject(new Unavailable("The store does not answer", { retryable: true })),
    });
    expect(await refused(both(RIGHT))).toMatchObject({ status: 503, code: 14 });
  });
});

test("a dead letter that came too early is taken in when it is replayed in its time", async () => {
  const ahead = START + 8 * 86_400_000;
  await asProtobuf(gauge("memory", { timeUnixNano: nanos(ahead), asInt: "4" }));
  harness.clock.advance(2 * 86_400_000);
  const { body } = await server.request(ingestHttp, "GET", "/api/v1/dead-letters", { key });
  const [letter] = (body as { items: { id: string }[] }).items;
  expect((await server.request(ingestHttp, "POST", `/api/v1/dead-letters/${letter!.id}/replay`, { key })).status).toBe(200);
  expect(await stored("memory")).toEqual([[ahead, 4]]);
});
