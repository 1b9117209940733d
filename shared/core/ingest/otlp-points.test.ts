import { describe, expect, test } from "@jest/globals";
import type { OrgId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import type { NamedSeries } from "../series/batch.ts";
import { canonicalDimensions, seriesId } from "../series/series-id.ts";
import { openIntake } from "./intake.ts";
import { gatherOtlp } from "./otlp-points.ts";
import type { ExportRequest, KeyValue, Metric } from "./otlp.ts";

const NOW = Date.UTC(2026, 10, 20, 10);

/** Takes a request in. @returns What stands there then: points as `name{dimensions} kind unit = value`, and why others do not. */
function gathered(request: ExportRequest) {
  const gather = openIntake(NOW);
  const known = new Map<string, NamedSeries>();
  const resolve = (metricKey: string, own: Dimensions) => {
    const dimensions = canonicalDimensions(own);
    const series = { series: seriesId("org_test" as OrgId, metricKey, dimensions), metricKey, dimensions };
    if (!known.has(series.series)) known.set(series.series, series);
    return known.get(series.series)!;
  };
  const rejectedPoints = gatherOtlp(request, gather, resolve);
  const { points, metadata, rejected } = gather.intake;
  const rows = points.series.flatMap((series, run) => Array<NamedSeries>(points.counts[run]!).fill(series));
  return {
    rejectedPoints,
    points: rows.map((series, row) => {
      const { kind, unit } = metadata.get(series) ?? { kind: null, unit: null };
      expect(points.timestamps[row]).toBe(NOW);
      return `${series.metricKey}${series.dimensions.replaceAll('"', "")} ${kind} ${unit ?? "-"} = ${Number(points.values[row]!.toPrecision(12))}`;
    }),
    rejected: rejected.map(({ reason, payload }) => [reason, JSON.parse(payload) as unknown]),
  };
}
const gatheredMetric = (metric: Metric, resource: readonly KeyValue[] = []) =>
  gathered({ resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics: [{ name: "m", ...metric }] }] }] });
const timeUnixNano = NOW;
const said = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });
const CUMULATIVE = 2;
const DELTA = 1;

describe("numbers", () => {
  const dataPoints = [{ timeUnixNano, asInt: 7 }];

  test.each<[string, Metric, string]>([
    ["a gauge", { gauge: { dataPoints } }, "gauge"],
    ["a cumulative monotonic sum", { sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }, "counter"],
    ["a cumulative sum that also falls", { sum: { dataPoints, aggregationTemporality: CUMULATIVE } }, "gauge"],
    ["a monotonic sum of deltas", { sum: { dataPoints, aggregationTemporality: DELTA, isMonotonic: true } }, "delta"],
    ["a sum of deltas", { sum: { dataPoints, aggregationTemporality: DELTA } }, "delta"],
  ])("%s is taken in as what it means, in its unit", (_, metric, kind) => {
    expect(gatheredMetric({ unit: "By", ...metric })).toEqual({ rejectedPoints: 0, points: [`m{} ${kind} By = 7`], rejected: [] });
  });

  test("a series is named after its point's attributes and its resource's service and instance, and no other of the resource", () => {
    const resource = [
      said("service.name", "shop"),
      said("service.instance.id", "i-1"),
      said("host.name", "a"),
      said("telemetry.sdk.name", "x"),
    ];
    const attributes = [said("http.route", "/"), said("a b", "c")];
    const { points } = gatheredMetric({ gauge: { dataPoints: [{ timeUnixNano, attributes, asDouble: 0.5 }] } }, resource);
    expect(points).toEqual(["m{a_b:c,http.route:/,service.instance.id:i-1,service.name:shop} gauge - = 0.5"]);
  });

  test("a point's own service is its service", () => {
    const { points } = gatheredMetric({ gauge: { dataPoints: [{ timeUnixNano, attributes: [said("service.name", "b")], asInt: 1 }] } }, [
      said("service.name", "a"),
    ]);
    expect(points).toEqual(["m{service.name:b} gauge - = 1"]);
  });

  test.each<[KeyValue["value"], string | undefined]>([
    [{ boolValue: false }, "false"],
    [{ intValue: "9223372036854775807" }, "9223372036854775807"],
    [{ doubleValue: 0.1 }, "0.1"],
    [{ bytesValue: "aGk=" }, "aGk="],
    [
      { arrayValue: { values: [{ stringValue: 'a"' }, { intValue: "9007199254740993" }, { doubleValue: Number.NaN }, {}] } },
      '["a\\"",9007199254740993,"NaN",null]',
    ],
    [
      {
        kvlistValue: {
          values: [
            { key: "a", value: { arrayValue: {} } },
            { key: "b", value: { boolValue: true } },
          ],
        },
      },
      '{"a":[],"b":true}',
    ],
    [{}, undefined],
    [undefined, undefined],
  ])("the attribute %j is the dimension %s", (value, expected) => {
    const gather = openIntake(NOW);
    const named: Dimensions[] = [];
    const point = { timeUnixNano, asInt: 1, attributes: [{ key: "a", ...(value === undefined ? {} : { value }) }] };
    gatherOtlp(
      { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", gauge: { dataPoints: [point] } }] }] }] },
      gather,
      (metricKey, own) => {
        named.push(own);
        return { series: seriesId("org_test" as OrgId, metricKey, "{}"), metricKey, dimensions: "{}" };
      },
    );
    expect(named).toEqual([expected === undefined ? {} : { a: expected }]);
  });

  test("a point that says that it is none is passed over", () => {
    const points = [
      { timeUnixNano, flags: 1, asInt: 0 },
      { timeUnixNano, flags: 2, asInt: 1 },
    ];
    expect(gatheredMetric({ gauge: { dataPoints: points } })).toEqual({ rejectedPoints: 0, points: ["m{} gauge - = 1"], rejected: [] });
  });

  test.each<[string, Metric, string, unknown]>([
    [
      "without a time",
      { gauge: { dataPoints: [{ asInt: 1, attributes: [said("a", "b")] }] } },
      "timestamp: The point has none",
      { metricKey: "m", dimensions: { a: "b" }, value: 1 },
    ],
    [
      "far ahead",
      { gauge: { dataPoints: [{ timeUnixNano: NOW + 8 * 86_400_000, asInt: 1 }] } },
      "timestamp: Lies more than 7 days ahead",
      expect.objectContaining({ metricKey: "m" }),
    ],
    [
      "without a value",
      { gauge: { dataPoints: [{ timeUnixNano }] } },
      "value: The point has none",
      { metricKey: "m", dimensions: {}, timestamp: NOW },
    ],
    [
      "that is no number",
      { gauge: { dataPoints: [{ timeUnixNano, asDouble: Number.NaN }] } },
      "value: Expected a finite number",
      expect.objectContaining({ value: "NaN" }),
    ],
    [
      "without a temporality",
      { sum: { dataPoints, isMonotonic: true } },
      "aggregationTemporality: Expected 1 (delta) or 2 (cumulative)",
      expect.anything(),
    ],
    ["without a name", { name: "", gauge: { dataPoints } }, "The metric has no name", expect.objectContaining({ metricKey: "", value: 7 })],
    [
      "of a name too long",
      { name: "n".repeat(5_000), gauge: { dataPoints } },
      "The metric's name is over 200 characters",
      expect.anything(),
    ],
    [
      "of two attributes of one name",
      { gauge: { dataPoints: [{ timeUnixNano, asInt: 1, attributes: [said("a-b", "1"), said("a-b", "2")] }] } },
      "Two labels are named a-b",
      expect.anything(),
    ],
  ])("a point %s is rejected with its reason", (_, metric, reason, payload) => {
    expect(gatheredMetric(metric)).toEqual({ rejectedPoints: 1, points: [], rejected: [[reason, payload]] });
  });

  test("the rest of a request is taken in beside what is rejected", () => {
    const { points, rejectedPoints } = gatheredMetric({
      gauge: { dataPoints: [{ asInt: 1 }, { timeUnixNano, asInt: 2 }, { timeUnixNano }] },
    });
    expect([points, rejectedPoints]).toEqual([["m{} gauge - = 2"], 2]);
  });
});

describe("distributions", () => {
  const point = { timeUnixNano, count: 4, sum: 100 };
  const buckets = { bucketCounts: [2, 2], explicitBounds: [10] };

  test.each([
    ["cumulative", CUMULATIVE, "counter"],
    ["of deltas", DELTA, "delta"],
  ])("a histogram, %s, is count, sum, min, max and quantiles", (_, aggregationTemporality, kind) => {
    const { points } = gatheredMetric({
      unit: "ms",
      histogram: { aggregationTemporality, dataPoints: [{ ...point, ...buckets, min: 0, max: 60, attributes: [said("a", "b")] }] },
    });
    expect(points).toEqual([
      `m.count{a:b} ${kind} - = 4`,
      `m.sum{a:b} ${kind} ms = 100`,
      "m.min{a:b} gauge ms = 0",
      "m.max{a:b} gauge ms = 60",
      "m{a:b,quantile:0.5} gauge ms = 10",
      "m{a:b,quantile:0.9} gauge ms = 50",
      "m{a:b,quantile:0.95} gauge ms = 55",
      "m{a:b,quantile:0.99} gauge ms = 59",
    ]);
  });

  test("a histogram without sum, min, max and buckets is a count alone, and so is one of nothing, whatever its extremes say", () => {
    const histogram = (dataPoint: object) =>
      gatheredMetric({ histogram: { aggregationTemporality: DELTA, dataPoints: [dataPoint] } }).points;
    expect(histogram({ timeUnixNano, count: 3 })).toEqual(["m.count{} delta - = 3"]);
    expect(histogram({ timeUnixNano, min: Infinity, max: -Infinity, bucketCounts: [0, 0], explicitBounds: [1] })).toEqual([
      "m.count{} delta - = 0",
    ]);
  });

  test("an exponential histogram is too, its quantiles from its buckets of powers of two", () => {
    const { points } = gatheredMetric({
      exponentialHistogram: {
        aggregationTemporality: CUMULATIVE,
        dataPoints: [{ ...point, scale: 0, zeroCount: 0, positive: { offset: 2, bucketCounts: [4] }, max: 7 }],
      },
    });
    expect(points).toEqual([
      "m.count{} counter - = 4",
      "m.sum{} counter - = 100",
      "m.max{} gauge - = 7",
      "m{quantile:0.5} gauge - = 5.5",
      "m{quantile:0.9} gauge - = 6.7",
      "m{quantile:0.95} gauge - = 6.85",
      "m{quantile:0.99} gauge - = 6.97",
    ]);
  });

  test("a summary is count, sum and the quantiles that it has", () => {
    const quantileValues = [{ quantile: 0.5, value: 3 }, { quantile: 1, value: 9 }, {}];
    expect(gatheredMetric({ summary: { dataPoints: [{ ...point, quantileValues }] } }).points).toEqual([
      "m.count{} counter - = 4",
      "m.sum{} counter - = 100",
      "m{quantile:0.5} gauge - = 3",
      "m{quantile:1} gauge - = 9",
      "m{quantile:0} gauge - = 0",
    ]);
  });

  test.each<[string, Metric, string]>([
    [
      "whose buckets do not fit",
      { histogram: { aggregationTemporality: DELTA, dataPoints: [{ ...point, bucketCounts: [1], explicitBounds: [1] }] } },
      "explicitBounds: Expected finite numbers that ascend, one less than bucketCounts",
    ],
    [
      "of a scale that none has",
      { exponentialHistogram: { aggregationTemporality: DELTA, dataPoints: [{ ...point, scale: 40 }] } },
      "scale: Expected -10 to 20",
    ],
    [
      "without a temporality",
      { histogram: { dataPoints: [{ ...point, ...buckets }] } },
      "aggregationTemporality: Expected 1 (delta) or 2 (cumulative)",
    ],
  ])("a histogram %s is rejected whole", (_, metric, reason) => {
    const { points, rejected, rejectedPoints } = gatheredMetric(metric);
    expect([points, rejected.map(([why]) => why), rejectedPoints]).toEqual([[], [reason], 1]);
  });

  test("labels that are wrong reject a point once, however many parts have them", () => {
    const attributes = Array.from({ length: 40 }, (_, place) => said(`a${place}`, "x"));
    const quantileValues = Array.from({ length: 100 }, (_, place) => ({ quantile: place / 100, value: 1 }));
    const { points, rejected, rejectedPoints } = gatheredMetric({
      summary: { dataPoints: [{ timeUnixNano, attributes, quantileValues }] },
    });
    expect([points, rejected.map(([why]) => why), rejectedPoints]).toEqual([[], ["There are more than 32 labels"], 1]);
  });

  test("one data point of which two parts are rejected is one", () => {
    const { points, rejected, rejectedPoints } = gatheredMetric({
      histogram: { aggregationTemporality: DELTA, dataPoints: [{ ...point, sum: Number.NaN, min: Number.NaN, max: 3 }] },
    });
    expect([points, rejected.length, rejectedPoints]).toEqual([["m.count{} delta - = 4", "m.max{} gauge - = 3"], 2, 1]);
  });
});
