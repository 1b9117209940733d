import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeMessage, WriteRequest, WriteRequest2 } from "../../testing/remote-write.ts";
import { kindOf, namesOfFamily, readLabels, readWriteRequest, readWriteRequest2 } from "./remote-write.ts";
import { MalformedWire } from "./wire.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const timestamp = fc.integer({ min: -(2 ** 53), max: 2 ** 53 });
const value = fc.double({ noNaN: true });
const sample = fc.record({ value, timestamp });
const histogram = fc.record({ countInt: fc.nat(), sum: value, schema: fc.integer({ min: -4, max: 8 }), timestamp });
const type = fc.integer({ min: 0, max: 7 });
const TYPES = [undefined, "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];

describe("a request of 1.0", () => {
  const label = fc.record({ name: text, value: text });
  const series = fc.record({
    labels: fc.array(label, { maxLength: 5 }),
    samples: fc.array(sample, { maxLength: 4 }),
    exemplars: fc.array(fc.record({ labels: fc.array(label, { maxLength: 2 }), value, timestamp }), { maxLength: 2 }),
    histograms: fc.array(histogram, { maxLength: 2 }),
  });
  const metadata = fc.record({ type, metricFamilyName: text, help: text, unit: text });
  const request = fc.record({ timeseries: fc.array(series, { maxLength: 5 }), metadata: fc.array(metadata, { maxLength: 3 }) });

  test("is read as protobufjs wrote it", () => {
    fc.assert(
      fc.property(request, ({ timeseries, metadata: described }) => {
        const read = readWriteRequest(encodeMessage(WriteRequest, { timeseries, metadata: described }));
        expect(read.labels.map(readLabels)).toEqual(timeseries.map(({ labels }) => labels.map((one) => [one.name, one.value])));
        expect(read.counts).toEqual(timeseries.map(({ samples }) => samples.length));
        const samples = timeseries.flatMap((one) => one.samples);
        expect(read.timestamps).toEqual(samples.map((one) => one.timestamp));
        expect(read.values).toEqual(samples.map((one) => one.value));
        expect(read.histograms).toEqual(timeseries.map(({ histograms }) => histograms.length));
        expect(read.metadata).toEqual(described.map((one) => ({ family: one.metricFamilyName, type: TYPES[one.type], unit: one.unit })));
      }),
      { numRuns: 500 },
    );
  });

  test("may have its labels behind its samples, in parts", () => {
    const part = (message: object) => encodeMessage(WriteRequest, { timeseries: [message] }).subarray(2);
    const parts = [
      part({ labels: [{ name: "a", value: "1" }] }),
      part({ samples: [{ value: 7, timestamp: 8 }] }),
      part({ labels: [{ name: "b", value: "2" }] }),
    ];
    const body = Buffer.concat(parts);
    const { labels, counts, values } = readWriteRequest(Buffer.concat([Buffer.of(0x0a, body.length), body]));
    expect(readLabels(labels[0]!)).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect([counts, values]).toEqual([[1], [7]]);
  });

  test("leaves stale markers out, and keeps other values that are no number, to be told of", () => {
    const stale = Buffer.alloc(8);
    stale.writeBigUInt64LE(0x7ff0000000000002n);
    const samples = [
      { value: 1, timestamp: 1 },
      { value: Number.NaN, timestamp: 2 },
      { value: -Infinity, timestamp: 3 },
    ];
    const encoded = Buffer.from(encodeMessage(WriteRequest, { timeseries: [{ samples: [...samples, { value: 77, timestamp: 4 }] }] }));
    const marked = Buffer.alloc(8);
    marked.writeDoubleLE(77);
    stale.copy(encoded, encoded.indexOf(marked));
    expect(readWriteRequest(encoded)).toMatchObject({ counts: [3], timestamps: [1, 2, 3], values: [1, Number.NaN, -Infinity] });
  });

  test("cut anywhere, or of any bytes, it is read or refused, and never more", () => {
    const read = (bytes: Uint8Array) => {
      try {
        readWriteRequest(bytes).labels.forEach(readLabels);
        readWriteRequest2(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedWire);
      }
    };
    fc.assert(
      fc.property(request, fc.nat(), fc.uint8Array({ maxLength: 40 }), (message, at, noise) => {
        const whole = encodeMessage(WriteRequest, message);
        const place = whole.length === 0 ? 0 : at % whole.length;
        read(whole.subarray(0, place));
        read(Buffer.concat([whole.subarray(0, place), noise, whole.subarray(place)]));
        read(noise);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a request of 2.0", () => {
  const series = (symbols: number) =>
    fc.record({
      labelsRefs: fc.array(fc.tuple(fc.nat(symbols - 1), fc.nat(symbols - 1)), { maxLength: 4 }).map((pairs) => pairs.flat()),
      samples: fc.array(sample, { maxLength: 4 }),
      histograms: fc.array(histogram, { maxLength: 2 }),
      metadata: fc.record({ type, helpRef: fc.nat(symbols - 1), unitRef: fc.nat(symbols - 1) }),
      createdTimestamp: timestamp,
    });
  const request = fc
    .array(text, { minLength: 1, maxLength: 8 })
    .map((symbols) => ["", ...symbols])
    .chain((symbols) => fc.record({ symbols: fc.constant(symbols), timeseries: fc.array(series(symbols.length), { maxLength: 4 }) }));

  test("is read as protobufjs wrote it", () => {
    fc.assert(
      fc.property(request, ({ symbols, timeseries }) => {
        const read = readWriteRequest2(encodeMessage(WriteRequest2, { symbols, timeseries }));
        const pairs = (refs: number[]) =>
          Array.from({ length: refs.length / 2 }, (_, row) => [symbols[refs[2 * row]!], symbols[refs[2 * row + 1]!]]);
        expect(read.labels).toEqual(timeseries.map(({ labelsRefs }) => pairs(labelsRefs)));
        expect(read.values).toEqual(timeseries.flatMap(({ samples }) => samples.map((one) => one.value)));
        expect(read.timestamps).toEqual(timeseries.flatMap(({ samples }) => samples.map((one) => one.timestamp)));
        expect(read.histograms).toEqual(timeseries.map(({ histograms }) => histograms.length));
        expect(read.metadata).toEqual(timeseries.map(({ metadata }) => ({ type: TYPES[metadata.type], unit: symbols[metadata.unitRef] })));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["refers to a symbol that is not there", [0, 9]],
    ["has a name and no value", [0]],
  ])("with a label that %s is refused", (why, labelsRefs) => {
    const bytes = encodeMessage(WriteRequest2, { symbols: [""], timeseries: [{ labelsRefs }] });
    expect(() => readWriteRequest2(bytes)).toThrow(why);
  });
});

test.each([
  ["counter", "http_requests_total", "counter"],
  ["gauge", "memory_bytes", "gauge"],
  ["histogram", "latency_bucket", "counter"],
  ["summary", "latency_count", "counter"],
  ["summary", "latency", "gauge"],
  [undefined, "anything", undefined],
] as const)("of a %s, %s is a %s", (of, name, kind) => {
  expect(kindOf(of, name)).toBe(kind);
});

test("a family's metadata is for all its series", () => {
  expect(namesOfFamily({ family: "latency", type: "summary" })).toEqual([
    { name: "latency_count", kind: "counter" },
    { name: "latency_sum", kind: "counter" },
    { name: "latency", kind: "gauge" },
  ]);
  expect(namesOfFamily({ family: "x", type: undefined })).toEqual([]);
});
