import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { ARIMA_GOLDENS } from "./golden-arima.ts";
import { differenced } from "./differences.ts";
import { differencesFor, kpssStatistic } from "./kpss.ts";
import { needsSeasonalDifference, seasonalStrength } from "./seasonal-strength.ts";

const goldens = Object.entries(ARIMA_GOLDENS);

describe("against R", () => {
  test.each(goldens)("%s is differenced as often as ndiffs says", (_name, { train, differences }) => {
    expect(differencesFor(Float64Array.from(train))).toBe(differences);
  });

  test.each(goldens)("%s is differenced from season to season as often as nsdiffs says", (_name, golden) => {
    expect(Number(needsSeasonalDifference(Float64Array.from(golden.train), golden.seasonLength))).toBe(golden.seasonalDifferences);
  });
});

test("the statistic is that of its formula where there is no memory", () => {
  // Three points: no lags; the sums of 1, -2 and 1 are 1, -1 and 0.
  expect(kpssStatistic(Float64Array.of(4, 1, 4))).toBeCloseTo(2 / (9 * 2), 12);
});

test.each([
  ["a constant", () => 5, 0],
  ["a cycle of seven", (t: number) => (3 * t) % 7, 0],
  ["a straight line", (t: number) => 3 * t, 1],
  ["a parabola", (t: number) => t * t, 2],
  ["a cubic", (t: number) => t ** 3, 2],
])("%s is differenced until it stays about a level, twice at the most", (_name, at, expected) => {
  expect(differencesFor(Float64Array.from({ length: 60 }, (_, t) => at(t)))).toBe(expected);
});

test("neither a shift nor a scale makes a difference", () => {
  const integers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 60 });
  fc.assert(
    fc.property(integers, fc.integer({ min: -1e6, max: 1e6 }), (values, shift) => {
      const y = Float64Array.from(values);
      expect(differencesFor(y.map((value) => 4 * (value + shift)))).toBe(differencesFor(y));
    }),
  );
});

test("a season alone has all of the strength, a line none, and below two cycles none is looked for", () => {
  const season = Float64Array.from({ length: 48 }, (_, t) => [3, 1, 4, 1][t % 4]!);
  expect(seasonalStrength(season, 4)).toBeCloseTo(1, 9);
  expect(seasonalStrength(new Float64Array(48), 4)).toBe(0);
  expect(needsSeasonalDifference(season.subarray(0, 8), 4)).toBe(false);
  expect(needsSeasonalDifference(season, 1)).toBe(false);
});

test("differences are of the points a lag apart", () => {
  expect([...differenced(Float64Array.of(1, 2, 4, 7, 11), 2)]).toEqual([3, 5, 7]);
});
