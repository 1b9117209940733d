import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { adidaForecast } from "./adida.ts";
import { crostonForecast, demandIntervals } from "./croston.ts";

/** What R's `forecast::croston` 8.20 makes of a series of `utilities` beside its goldens, with alpha .1. */
const SPARE_PARTS = [
  15, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 15, 0, 1, 0, 20, 10, 6, 0, 2, 0, 2, 0, 1, 0, 0, 0, 0, 5, 0, 5, 2, 0, 1, 0, 1, 0, 2,
  0, 0, 5, 2, 10, 2, 5, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 2, 0, 0, 0, 0, 0, 5, 2, 1, 0, 5, 0, 0, 1, 4, 4, 10, 0, 2, 0, 0, 0, 2, 0, 0,
  0, 0, 2, 0, 5, 2, 0, 0, 2, 0, 0, 0, 0, 0, 5, 0, 2, 0, 1, 0, 5, 0, 0, 1, 2, 2, 1, 2, 0, 1,
];
const R_CROSTON = 1.219397616;

const METHODS = {
  croston: (y: Float64Array) => crostonForecast(y, { horizon: 2, variant: "croston" }),
  sba: (y: Float64Array) => crostonForecast(y, { horizon: 2, variant: "sba" }),
  tsb: (y: Float64Array) => crostonForecast(y, { horizon: 2, variant: "tsb" }),
  adida: (y: Float64Array) => adidaForecast(y, 2),
};
const methods = Object.entries(METHODS);
const rateOf = (name: keyof typeof METHODS, y: readonly number[]): number => METHODS[name](Float64Array.from(y))[0]!;

test("Croston's rate is R's, and SBA's a twentieth below it", () => {
  expect(rateOf("croston", SPARE_PARTS)).toBeCloseTo(R_CROSTON, 8);
  expect(rateOf("sba", SPARE_PARTS)).toBeCloseTo(0.95 * R_CROSTON, 8);
});

test("intervals count from the start of the history, and from demand to demand", () => {
  expect([...demandIntervals(Float64Array.of(0, 4, 0, 0, 1, 1))]).toEqual([2, 3, 1]);
});

describe.each(methods)("%s", (_name, method) => {
  test("of no demand forecasts none", () => {
    expect([...method(new Float64Array(20))]).toEqual([0, 0]);
  });

  test("of one demand alone forecasts a share of it", () => {
    const [rate] = method(new Float64Array(20).with(7, 8));
    expect(rate).toBeGreaterThan(0.1);
    expect(rate).toBeLessThanOrEqual(1);
  });

  test("of a demand every third step comes within an eighth of a third of it", () => {
    const [rate] = method(Float64Array.from({ length: 120 }, (_, t) => (t % 3 === 2 ? 6 : 0)));
    expect(Math.abs(rate! - 2)).toBeLessThan(0.25);
  });

  test("of any demand is finite, not negative, no more than the most there was, and grows with it", () => {
    const demand = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(demand, (values) => {
        const y = Float64Array.from(values);
        const [rate] = method(y);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        expect(method(y.map((value) => 4 * value))[0]).toBeCloseTo(4 * rate!, 6);
      }),
    );
  });
});

test.each(["croston", "sba", "adida"] as const)("of a constant %s forecasts that constant, SBA less its correction", (name) => {
  expect(
    rateOf(
      name,
      Array.from({ length: 40 }, () => 5),
    ),
  ).toBeCloseTo(name === "sba" ? 4.75 : 5, 9);
});

test("only TSB lets a rate die out when demands stop coming", () => {
  const alive = Array.from({ length: 60 }, (_, t) => (t % 3 === 0 ? 6 : 0));
  const dead = [...alive, ...Array.from({ length: 60 }, () => 0)];
  expect(rateOf("croston", dead)).toBeCloseTo(rateOf("croston", alive), 9);
  expect(rateOf("tsb", dead)).toBeLessThan(0.01 * rateOf("tsb", alive));
});
