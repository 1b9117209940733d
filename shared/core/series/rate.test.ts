import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { asLevels, rateSince } from "./rate.ts";

const columns = (...points: [number, number][]) => ({
  timestamps: Float64Array.from(points, ([timestamp]) => 1_000 * timestamp),
  values: Float64Array.from(points, ([, value]) => value),
});

test("a counter becomes its rate a second, whatever the steps between its points", () => {
  expect(asLevels("counter", columns([0, 5], [10, 25], [11, 25], [71, 85]))).toEqual(columns([10, 2], [11, 0], [71, 1]));
});

test("a counter that starts anew counts from zero", () => {
  expect(asLevels("counter", columns([0, 1_000], [10, 30]))).toEqual(columns([10, 3]));
});

test("what was added since the point before is divided by the time since then", () => {
  expect(asLevels("delta", columns([0, 7], [10, 30], [20, 10]))).toEqual(columns([10, 3], [20, 1]));
});

test.each(["gauge", null] as const)("a series of kind %s stays as it is", (kind) => {
  const points = columns([0, 1], [1, 2]);
  expect(asLevels(kind, points)).toBe(points);
});

test("of a counter that never starts anew, the rates add up to what it has counted", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 1_000 })), { minLength: 1 }), (steps) => {
      let [at, total] = [0, 0];
      const points = columns(...steps.map(([step, added]): [number, number] => [(at += step), (total += added)]));
      const { timestamps, values } = asLevels("counter", points);
      const sum = values.reduce((all, rate, row) => all + (rate * (timestamps[row]! - points.timestamps[row]!)) / 1_000, 0);
      expect(sum).toBeCloseTo(total - steps[0]![1], 6);
    }),
  );
});

test("a rate beyond all numbers is the largest there is", () => {
  const from = { timestamp: 0, value: 0 };
  expect(rateSince(from, { timestamp: 1, value: 1.7e308 }, "counter")).toBe(Number.MAX_VALUE);
  expect(rateSince(from, { timestamp: 1, value: -1.7e308 }, "delta")).toBe(-Number.MAX_VALUE);
});
