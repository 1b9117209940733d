import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { max, mean, min, quantileSorted, sum } from "simple-statistics";
import { aggregateValues } from "./aggregate.ts";
import { bucketPoints } from "./bucket.ts";

test("buckets start at multiples of the step, and one without points is left out", () => {
  const points = { timestamps: Float64Array.of(61_000, 119_999, 120_000, 300_000), values: Float64Array.of(1, 2, 3, 4) };
  expect(bucketPoints(points, 60_000, ["sum", "count", "last"])).toEqual({
    timestamps: [60_000, 120_000, 300_000],
    aggregates: { sum: [3, 3, 4], count: [2, 1, 1], last: [2, 3, 4] },
  });
});

test("aggregates agree with simple-statistics", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }), (list) => {
      const values = Float64Array.from(list);
      expect(aggregateValues(values, "min")).toBe(min(list));
      expect(aggregateValues(values, "max")).toBe(max(list));
      expect(aggregateValues(values, "sum")).toBeCloseTo(sum(list), 4);
      expect(aggregateValues(values, "avg")).toBeCloseTo(mean(list), 4);
    }),
  );
});

test("percentiles interpolate as R's quantile does by default", () => {
  const values = Float64Array.of(10, 1, 7, 3);
  expect(aggregateValues(values, "p50")).toBe(5);
  expect(aggregateValues(values, "p90")).toBeCloseTo(9.1, 12);
  expect(aggregateValues(Float64Array.of(4), "p99")).toBe(4);
  expect(quantileSorted([1, 3, 7, 10], 0.5)).toBe(5);
});

test("the mean of huge values is finite", () => {
  expect(aggregateValues(Float64Array.of(1.7e308, 1.7e308), "avg")).toBeCloseTo(1.7e308, -300);
});
