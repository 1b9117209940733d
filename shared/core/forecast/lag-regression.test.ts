import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { lagRegression, lagsFor } from "./lag-regression.ts";

test.each([
  [1_000, [], [1, 2, 3, 4, 5, 6, 7, 8]],
  [1_000, [7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 21, 28, 35, 42]],
  [40, [7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15]],
])("of %i points with the seasons %j the lags are %j", (n, seasons, lags) => {
  expect(lagsFor(n, seasons)).toEqual(lags);
});

test("the lags of a day and a week are those around them, and the days between", () => {
  const lags = lagsFor(1_000, [24, 168]);
  expect(lags).toEqual(expect.arrayContaining([1, 12, 22, 23, 24, 25, 26, 47, 48, 49, 72, 96, 120, 144, 166, 168, 170, 335, 336, 337]));
  expect(new Set(lags).size).toBe(lags.length);
});

test("a recurrence is learned and goes on", () => {
  const y = Float64Array.from({ length: 200 }, (_, t) => 10 + Math.sin((2 * Math.PI * t) / 12));
  const ahead = lagRegression(y, 24, lagsFor(y.length, [12]))!;
  for (let step = 0; step < 24; step++) expect(ahead[step]).toBeCloseTo(10 + Math.sin((2 * Math.PI * (200 + step)) / 12), 1);
});

test("an explosive history stays within half its range beyond it", () => {
  const y = Float64Array.from({ length: 60 }, (_, t) => 1.2 ** t);
  const ahead = lagRegression(y, 100, [1, 2, 3])!;
  expect(Math.max(...ahead)).toBeLessThanOrEqual(1.5 * 1.2 ** 59 * (1 + 1e-9));
});

test("any history gives finite numbers, or is too short for the lags", () => {
  const values = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(values, fc.constantFrom([], [7], [7, 28]), (history, seasons) => {
      const lags = lagsFor(history.length, seasons);
      const ahead = lagRegression(Float64Array.from(history), 30, lags);
      if (ahead === null) expect(history.length - (lags.at(-1) ?? 0)).toBeLessThan(lags.length + 11);
      else expect(ahead.every(Number.isFinite)).toBe(true);
    }),
  );
});
