import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { max, mean, min, sum } from "simple-statistics";
import type { Aggregate } from "../../contract/series.ts";
import { aggregateValues } from "./aggregate.ts";

// Quantiles by the definition of type 7: at (n - 1) p, between the two nearest.
test.each<[Aggregate, number]>([
  ["last", 20],
  ["count", 5],
  ["sum", 160],
  ["avg", 32],
  ["min", 15],
  ["max", 50],
  ["p50", 35],
  ["p75", 40],
  ["p90", 46],
  ["p95", 48],
  ["p99", 49.6],
])("%s of five values", (aggregate, expected) => {
  expect(aggregateValues(aggregate, Float64Array.of(50, 35, 40, 15, 20))).toBeCloseTo(expected, 12);
});

test("averages and extremes agree with simple-statistics", () => {
  fc.assert(
    fc.property(fc.float64Array({ minLength: 1, maxLength: 50, noNaN: true, min: -1e9, max: 1e9 }), (values) => {
      const list = [...values];
      expect(aggregateValues("avg", values)).toBeCloseTo(mean(list), 3);
      expect(aggregateValues("sum", values)).toBeCloseTo(sum(list), 3);
      expect(aggregateValues("min", values)).toBe(min(list));
      expect(aggregateValues("max", values)).toBe(max(list));
    }),
  );
});

test("one value that is not a number makes every aggregate of values not a number", () => {
  for (const aggregate of ["avg", "sum", "min", "max", "p50", "p99"] as const) {
    expect(aggregateValues(aggregate, Float64Array.of(1, NaN, 3))).toBeNaN();
  }
});
