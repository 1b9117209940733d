import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { mean, rootMeanSquare } from "simple-statistics";
import { accuracyOf, seasonalNaiveScale, skillAgainst } from "./accuracy.ts";
import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";

describe("against R", () => {
  test.each([
    ["AirPassengers", AIR_PASSENGERS],
    ["nottem", NOTTEM],
    ["Nile", NILE],
    ["WWWusage", WWW_USAGE],
  ])("seasonal naive's accuracy on %s is R's", (_name, { train, test: actual, seasonLength, maseScale, seasonalNaive }) => {
    const naiveScale = seasonalNaiveScale(Float64Array.from(train), seasonLength);
    expect(Math.abs(naiveScale / maseScale - 1)).toBeLessThan(1e-9);
    const forecast = Float64Array.from(actual, (_, step) => seasonalNaive.mean[step % seasonalNaive.mean.length]!);
    const accuracy = accuracyOf(Float64Array.from(actual), forecast, { naiveScale });
    for (const measure of ["mae", "rmse", "mape", "smape", "mase"] as const) {
      expect(Math.abs(accuracy[measure]! / seasonalNaive.accuracy[measure] - 1)).toBeLessThan(1e-8);
    }
  });
});

const pairs = (value: fc.Arbitrary<number>) => fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 30 });
const moderate = fc.integer({ min: -1000, max: 1000 });
const columns = (rows: readonly (readonly [number, number])[], f: (value: number) => number = (value) => value) =>
  [Float64Array.from(rows, ([y]) => f(y)), Float64Array.from(rows, ([, y]) => f(y))] as const;

describe("for any forecast", () => {
  test("MAE and RMSE are the mean and root mean square of the errors, by simple-statistics", () => {
    fc.assert(
      fc.property(pairs(moderate), (rows) => {
        const errors = rows.map(([y, f]) => Math.abs(y - f));
        const { mae, rmse } = accuracyOf(...columns(rows), { naiveScale: 1 });
        expect(mae).toBeCloseTo(mean(errors), 8);
        expect(rmse).toBeCloseTo(rootMeanSquare(errors), 8);
        expect(rmse).toBeGreaterThanOrEqual(mae - 1e-9);
      }),
    );
  });

  test("MAE and RMSE scale with the unit, and MAPE, sMAPE and MASE do not see it", () => {
    fc.assert(
      fc.property(pairs(moderate), fc.integer({ min: -20, max: 20 }), (rows, power) => {
        const unit = 2 ** power;
        const before = accuracyOf(...columns(rows), { naiveScale: 3 });
        const after = accuracyOf(...columns(rows, (value) => value * unit), { naiveScale: 3 * unit });
        expect(after).toEqual({ ...before, mae: before.mae * unit, rmse: before.rmse * unit });
      }),
    );
  });

  test("shifting both leaves MAE and RMSE as they are", () => {
    fc.assert(
      fc.property(pairs(moderate), moderate, (rows, shift) => {
        const before = accuracyOf(...columns(rows), { naiveScale: 1 });
        const after = accuracyOf(...columns(rows, (value) => value + shift), { naiveScale: 1 });
        expect(after.mae).toBeCloseTo(before.mae, 8);
        expect(after.rmse).toBeCloseTo(before.rmse, 8);
      }),
    );
  });

  test("everything is finite or null, and sMAPE lies in 0..200", () => {
    const any = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(pairs(any), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (rows, naiveScale) => {
        const accuracy = accuracyOf(...columns(rows), { naiveScale });
        for (const value of Object.values(accuracy)) expect(value === null || Number.isFinite(value)).toBe(true);
        expect(accuracy.smape).toBeGreaterThanOrEqual(0);
        expect(accuracy.smape).toBeLessThanOrEqual(200);
      }),
    );
  });
});

test("MAPE is null when an actual is zero, and MASE when seasonal naive was perfect in sample", () => {
  const accuracy = accuracyOf(Float64Array.of(0, 2), Float64Array.of(0, 1), { naiveScale: 0 });
  expect(accuracy).toMatchObject({ mae: 0.5, mape: null, mase: null });
  expect(accuracy.smape).toBeCloseTo(100 / 3, 12);
});

test("an actual that is missing counts for nothing", () => {
  const accuracy = accuracyOf(Float64Array.of(NaN, 2), Float64Array.of(50, 1), { naiveScale: 2 });
  expect(accuracy).toMatchObject({ mae: 1, rmse: 1, mape: 50, mase: 0.5 });
  expect(seasonalNaiveScale(Float64Array.of(1, NaN, 3, 4, 7), 2)).toBe(3);
});

test.each([
  [10, 10, 0],
  [10, 5, 0.5],
  [10, 20, -1],
  [10, 0, 1],
  [0, 0, null],
])("against a baseline's MAE of %p, %p has skill %p", (baseline, mae, skill) => {
  expect(skillAgainst(baseline, mae)).toBe(skill);
});
