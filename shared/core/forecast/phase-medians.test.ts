import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { medianOf } from "./median.ts";
import { runningMedians, seasonByMedians } from "./phase-medians.ts";

test("running medians are the medians of the windows, and at the ends those of the first and the last", () => {
  const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 12 }), (values, window) => {
      const y = Float64Array.from(values);
      const length = Math.min(window, y.length);
      const expected = y.map((_, i) => {
        const from = Math.max(0, Math.min(y.length - length, i - (length >> 1)));
        return medianOf(y.slice(from, from + length));
      });
      expect(runningMedians(y, window)).toEqual(expected);
    }),
  );
});

test("a season is told from a trend, a spike and a gap", () => {
  const effects = [5, -3, -2, 4, -4, 0, 0];
  const y = Float64Array.from({ length: 70 }, (_, t) => effects[t % 7]! + t);
  y[33] = 1e300;
  y[40] = NaN;
  const season = seasonByMedians(y, [7], 5);
  const offset = season(0) - effects[0]!;
  for (let t = 0; t < 70; t++) expect(season(t) - offset).toBeCloseTo(effects[t % 7]!, 9);
});

test("fewer cycles than are asked for tell no season, and of several the longest that fits counts", () => {
  const y = Float64Array.from({ length: 40 }, (_, t) => t % 10);
  expect(seasonByMedians(y, [10], 5)(3)).toBe(0);
  expect(seasonByMedians(y, [2, 10], 4)(3) - seasonByMedians(y, [2, 10], 4)(1)).toBeCloseTo(2, 9);
});
