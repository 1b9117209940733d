import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeOtlp, encodeOtlp } from "../../testing/otlp.ts";
import { MAX_PARTS } from "./wire.ts";
import { readOtlpJson, readOtlpProtobuf } from "./otlp.ts";

// Requests as JSON has them, but for numbers that are none there.
const text = fc.string({ unit: "grapheme", maxLength: 8 });
const double = fc.double().map((value) => (value === 0 ? 0 : value));
const digits = (bits: bigint, signed: boolean) =>
  fc.bigInt(signed ? -(2n ** (bits - 1n)) : 0n, 2n ** (signed ? bits - 1n : bits) - 1n).map((value) => value.toString());
const uint64 = digits(64n, false);
const { keyValue } = fc.letrec((tie) => ({
  anyValue: fc.oneof(
    { depthSize: "small" },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: digits(64n, true) }),
    fc.record({ doubleValue: double }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString("base64")) }),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie("anyValue"), { maxLength: 3 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: fc.array(tie("keyValue"), { maxLength: 3 }) }) }),
    fc.constant({}),
  ),
  keyValue: fc.record({ key: text, value: tie("anyValue") }),
}));
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 3 });
const attributes = some(keyValue);
const point = {
  attributes,
  startTimeUnixNano: uint64,
  timeUnixNano: uint64,
  flags: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  exemplars: some(fc.record({ filteredAttributes: attributes, asDouble: double, traceId: fc.constant("AAEC") })),
};
const optional = <Model extends Record<string, fc.Arbitrary<unknown>>>(model: Model) => fc.record(model, { requiredKeys: [] });
const numberPoint = fc
  .tuple(optional(point), fc.oneof(fc.record({ asDouble: double }), fc.record({ asInt: digits(64n, true) })))
  .map(([common, own]) => ({ ...common, ...own }));
const distribution = { ...point, count: uint64, sum: double, min: double, max: double };
/** Varints beyond 2^53 are rounded, by a bit more than they must. */
const counts = some(digits(53n, false));
const buckets = optional({ offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), bucketCounts: counts });
const histogramPoint = optional({ ...distribution, bucketCounts: some(uint64), explicitBounds: some(double) });
const exponentialPoint = optional({
  ...distribution,
  scale: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  zeroCount: uint64,
  zeroThreshold: double,
  positive: buckets,
  negative: buckets,
});
const { min: _min, max: _max, exemplars: _exemplars, ...ofSummary } = distribution;
const summaryPoint = optional({ ...ofSummary, quantileValues: some(optional({ quantile: double, value: double })) });
const aggregationTemporality = fc.integer({ min: 0, max: 2 });
const metric = fc
  .tuple(
    optional({ name: text, description: text, unit: text, metadata: attributes }),
    fc.oneof(
      fc.record({ gauge: fc.record({ dataPoints: some(numberPoint) }) }),
      fc.record({ sum: optional({ dataPoints: some(numberPoint), aggregationTemporality, isMonotonic: fc.boolean() }) }),
      fc.record({ histogram: optional({ dataPoints: some(histogramPoint), aggregationTemporality }) }),
      fc.record({ exponentialHistogram: optional({ dataPoints: some(exponentialPoint), aggregationTemporality }) }),
      fc.record({ summary: optional({ dataPoints: some(summaryPoint) }) }),
    ),
  )
  .map(([common, own]) => ({ ...common, ...own }));
const scopeMetrics = optional({ scope: optional({ name: text, version: text, attributes }), metrics: some(metric), schemaUrl: text });
const request = fc.record({ resourceMetrics: some(optional({ resource: fc.record({ attributes }), scopeMetrics: some(scopeMetrics) })) });

const UNREAD = ["description", "metadata", "startTimeUnixNano", "exemplars", "scope", "schemaUrl"];
/** What is to be read of a request: integers as numbers, nanoseconds as milliseconds, no empty arrays, nothing that nobody reads. */
function expected(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => expected(item, name));
  if (typeof value === "string") {
    if (name === "timeUnixNano") return Number(BigInt(value) / 1_000_000n);
    return ["asInt", "count", "zeroCount", "bucketCounts"].includes(name) ? Number(value) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([key, member]) => !UNREAD.includes(key) && !(Array.isArray(member) && member.length === 0));
  return Object.fromEntries(members.map(([key, member]) => [key, expected(member, key)]));
}
const inJson = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_, member: unknown) => (typeof member === "number" && !Number.isFinite(member) ? String(member) : member)),
  ) as unknown;

test("a request is read as protobufjs reads it", () => {
  fc.assert(
    fc.property(request, (message) => {
      const bytes = encodeOtlp(message);
      expect(readOtlpProtobuf(bytes)).toEqual({ ok: true, value: expected(decodeOtlp("ExportMetricsServiceRequest", bytes)) });
    }),
    { numRuns: 500 },
  );
});

test("a request in JSON is read as the same in protobuf", () => {
  fc.assert(
    fc.property(request, (message) => {
      const read = readOtlpJson(inJson(message));
      expect(read.ok && expected(read.value)).toEqual(expected(message));
    }),
    { numRuns: 300 },
  );
});

test("cut anywhere, or of any bytes, it is read or refused, and never more", () => {
  const outcomes = { read: 0, refused: 0 };
  const read = (bytes: Uint8Array) => {
    const result = readOtlpProtobuf(bytes);
    outcomes[result.ok ? "read" : "refused"] += 1;
    if (!result.ok) expect(result.error.message).not.toBe("");
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), read));
  fc.assert(
    fc.property(request, fc.nat(), fc.nat({ max: 255 }), (message, place, byte) => {
      const bytes = encodeOtlp(message);
      const changed = Buffer.from(bytes);
      if (bytes.length > 0) changed[place % bytes.length] = byte;
      read(bytes.subarray(0, place % (bytes.length + 1)));
      read(changed);
    }),
  );
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(10);
});

const gauge = (dataPoint: unknown) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [dataPoint] } }] }] }] });

describe("in JSON", () => {
  const read = (dataPoint: unknown) => readOtlpJson(gauge(dataPoint));

  test.each([
    [
      { timeUnixNano: "1544712660300000000", asInt: 3 },
      { timeUnixNano: 1_544_712_660_300, asInt: 3 },
    ],
    [
      { timeUnixNano: 1_544_712_660_300_000_000, asInt: "-3" },
      { timeUnixNano: 1_544_712_660_300, asInt: -3 },
    ],
    [
      { timeUnixNano: "999999", asDouble: "Infinity" },
      { timeUnixNano: 0, asDouble: Infinity },
    ],
    [{ asDouble: "1.5e3", more: [{}], flags: null }, { asDouble: 1_500 }],
  ])("%j is read", (dataPoint, value) => {
    expect(read(dataPoint)).toEqual({ ok: true, value: gauge(value) });
  });

  const PLACE = "resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints";
  test.each([
    [{ timeUnixNano: "soon" }, `${PLACE}[0].timeUnixNano: expected nanoseconds since 1970, a string of digits`],
    [{ timeUnixNano: "-1" }, `${PLACE}[0].timeUnixNano: expected nanoseconds since 1970, a string of digits`],
    [{ asInt: 1.5 }, `${PLACE}[0].asInt: expected an integer of 64 bits`],
    [{ asInt: "9223372036854775808" }, `${PLACE}[0].asInt: expected an integer of 64 bits`],
    [{ asDouble: "" }, `${PLACE}[0].asDouble: expected a number`],
    [{ attributes: {} }, `${PLACE}[0].attributes: expected an array`],
    [{ attributes: [{ key: 1 }] }, `${PLACE}[0].attributes[0].key: expected a string`],
    [3, `${PLACE}[0]: expected an object`],
  ])("%j is refused with its place", (dataPoint, message) => {
    expect(read(dataPoint)).toEqual({ ok: false, error: { reason: "malformed", message } });
  });

  test.each([null, [], 1, "x"])("%j is no request", (json) => {
    expect(readOtlpJson(json)).toEqual({ ok: false, error: { reason: "malformed", message: "expected an object" } });
  });
});

describe("bounds", () => {
  const field = (number: number, body: Uint8Array) => {
    const length = [];
    let left = body.length;
    for (; left > 127; left = Math.floor(left / 128)) length.push((left % 128) | 128);
    return Buffer.concat([Buffer.of((number << 3) | 2, ...length, left), body]);
  };
  const inMetric = (data: Uint8Array) => field(1, field(2, field(2, data)));

  test("a request of half a million empty points is refused", () => {
    const points = inMetric(field(5, Buffer.alloc(2 * MAX_PARTS, Buffer.of(0x0a, 0))));
    expect(readOtlpProtobuf(points)).toMatchObject({ ok: false, error: { reason: "too-large" } });
  });

  test("so is one of as many bucket counts in one point", () => {
    const bucketCounts = inMetric(field(10, field(1, field(8, field(2, Buffer.alloc(MAX_PARTS))))));
    expect(readOtlpProtobuf(bucketCounts)).toMatchObject({ ok: false, error: { reason: "too-large" } });
  });

  test("values in values are read to 100 messages, and refused below", () => {
    const nested = (levels: number) => {
      let value = Buffer.alloc(0) as Buffer;
      for (let level = 0; level < levels; level++) value = field(5, field(1, value));
      return field(1, field(1, field(1, field(2, value))));
    };
    expect(readOtlpProtobuf(nested(40)).ok).toBe(true);
    expect(readOtlpProtobuf(nested(60))).toMatchObject({ error: { reason: "malformed", message: "The values nest too deep" } });
    expect(readOtlpProtobuf(nested(2_000))).toMatchObject({ error: { reason: "malformed" } });
  });
});
