import { expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import { Metric } from "../../contract/ingest.ts";
import type { OrgId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import { canonicalDimensions, seriesId } from "../series/series-id.ts";
import { acceptMetrics, readMetric } from "./accept.ts";

const NOW = Date.UTC(2026, 10, 20, 10);
const resolve = (metricKey: string, dimensions: Dimensions) => {
  const canonical = canonicalDimensions(dimensions);
  return { series: seriesId("org_a" as OrgId, metricKey, canonical), metricKey, dimensions: canonical };
};

const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom(
    "a.b",
    "1a",
    "",
    "x".repeat(201),
    "2026-11-20T10:00:00Z",
    "2026-02-30T10:00:00Z",
    "2026-11-20",
    NOW,
    NOW / 1_000,
    1e11,
    0,
    -1,
    1.5,
    1e300,
    NaN,
    Infinity,
    true,
  ),
);
const dimensions = fc.oneof(
  odd,
  fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("host", "__proto__", "constructor", "prototype")), odd, { maxKeys: 4 }),
  fc.dictionary(fc.constantFrom("host", "region"), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant("ü".repeat(513)))),
);
const metric = fc.oneof(
  odd,
  fc.record({ metricKey: odd, timestamp: odd, value: odd, dimensions }, { requiredKeys: [] }),
  fc.record(
    {
      metricKey: fc.constantFrom("http.requests", "_a:b/c-d"),
      timestamp: fc.oneof(fc.constantFrom(NOW, NOW / 1_000, 1e11), fc.constant("2026-11-20T10:00:00.123+01:00")),
      value: fc.oneof(fc.double(), fc.constant(1)),
      dimensions,
      extra: fc.anything(),
    },
    { requiredKeys: ["metricKey", "timestamp", "value"] },
  ),
);

test("the reader by hand accepts nothing that the schema refuses, and reads the same", () => {
  fc.assert(
    fc.property(metric, (input) => {
      const byHand = readMetric(input);
      if (byHand === null) return;
      const parsed = v.safeParse(Metric, input);
      expect(parsed.success).toBe(true);
      expect({ ...byHand, dimensions: { ...byHand.dimensions } }).toEqual(parsed.output);
    }),
    { numRuns: 3_000 },
  );
});

test("what the schema accepts is accepted, by hand or not", () => {
  fc.assert(
    fc.property(metric, (input) => {
      const { points, rejected } = acceptMetrics([input], NOW, resolve);
      expect(points.timestamps.length).toBe(v.is(Metric, input) ? 1 : 0);
      expect(rejected.length).toBe(1 - points.timestamps.length);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  [{ metricKey: "a", timestamp: NOW, value: "1" }, "value"],
  [{ metricKey: "a", timestamp: NOW, value: Infinity }, "value"],
  [{ metricKey: "9", timestamp: NOW, value: 1 }, "metricKey"],
  [{ metricKey: "a", timestamp: "2026-02-30T00:00:00Z", value: 1 }, "timestamp"],
  [{ metricKey: "a", timestamp: NOW + 8 * 86_400_000, value: 1 }, "timestamp"],
  [{ metricKey: "a", timestamp: NOW, value: 1, tags: {} }, "tags"],
  [{ metricKey: "a", timestamp: NOW, value: 1, dimensions: { a: "ü".repeat(513) } }, "dimensions.a"],
  [{ metricKey: "a", timestamp: NOW, value: 1, dimensions: { a: null } }, "dimensions.a"],
  [{ timestamp: NOW, value: 1 }, "metricKey"],
  [null, ""],
])("%j is rejected for its member %s", (input, path) => {
  const { rejected } = acceptMetrics([{ metricKey: "a", timestamp: NOW, value: 1 }, input], NOW, resolve);
  expect(rejected).toMatchObject([{ index: 1, path }]);
});

test.each([NOW / 1_000, NOW / 1_000 + 0.5, 0, 1e11 - 1])("a timestamp of %d is told to be of seconds, and no day of 1970", (timestamp) => {
  const { rejected } = acceptMetrics([{ metricKey: "a", timestamp, value: 1 }], NOW, resolve);
  expect(rejected).toMatchObject([{ path: "timestamp", message: expect.stringContaining("seconds") as unknown }]);
});

test.each([1e11, "1970-01-02T00:00:00Z", "1973-03-03T09:46:39Z"])("a timestamp of %s is taken: a time may be of any age", (timestamp) => {
  expect(acceptMetrics([{ metricKey: "a", timestamp, value: 1 }], NOW, resolve).rejected).toEqual([]);
});

test("numbers and booleans among the dimensions become strings", () => {
  const { points } = acceptMetrics([{ metricKey: "a", timestamp: NOW, value: 1, dimensions: { shard: 7, leader: true } }], NOW, resolve);
  expect(points.series[0]!.dimensions).toBe(canonicalDimensions({ shard: "7", leader: "true" }));
});
