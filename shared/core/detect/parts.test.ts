import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { quantileSorted } from "simple-statistics";
import { calibrationAt, combineRarities, LEAST_RARE, MOST_RARE, rarityOf, statisticOf } from "./calibration.ts";
import { CALIBRATIONS } from "./calibration-tables.ts";
import { contextAround } from "./context.ts";
import { METHODS } from "./methods.ts";
import { addToDigest, createDigest, digestQuantile } from "./quantile-digest.ts";
import { normal, seeded } from "../../testing/series-generators.ts";
import { daysAtSensitivity, scoreOf, severityOf } from "./severity.ts";
import { wallClock } from "./wall-clock.ts";

describe("severity", () => {
  test.each([
    [0, 60],
    [0.5, 10],
    [1, 60 / 36],
  ])("the sensitivity %d means a false alarm in %d days", (sensitivity, days) => {
    expect(daysAtSensitivity(sensitivity)).toBeCloseTo(days, 9);
  });

  test("the score at the default sensitivity is 10 / 24", () => {
    expect(scoreOf(10)).toBeCloseTo(0.4167, 4);
  });

  const agreed = { consensus: true, effect: 6, warmingUp: false };
  test.each([
    [29, agreed, "low"],
    [30, agreed, "medium"],
    [120, agreed, "high"],
    [365, agreed, "critical"],
    [365, { ...agreed, consensus: false }, "high"],
    [365, { ...agreed, effect: 5.9 }, "high"],
    [365, { ...agreed, effect: null }, "high"],
    [365, { ...agreed, warmingUp: true }, "medium"],
  ] as const)("%d days with %j are %s", (days, facts, severity) => {
    expect(severityOf(days, facts)).toBe(severity);
  });
});

describe("calibration", () => {
  const tables = CALIBRATIONS.flatMap(({ methods, joint }) => [...METHODS.map(({ name }) => methods[name]!), joint]);

  test("every method has a table at every age, and each table rises", () => {
    for (const table of tables) {
      expect(table.statistics.length).toBeGreaterThanOrEqual(6);
      expect(table.statistics).toEqual(table.statistics.toSorted((a, b) => a - b));
      expect(table.rarities).toEqual(table.rarities.toSorted((a, b) => a - b));
      expect(new Set(table.statistics).size).toBe(table.statistics.length);
    }
  });

  test("what is more unusual is never more common, and the two directions agree between the knots", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (a, b) => {
        for (const table of tables) {
          const [low, high] = [rarityOf(table, Math.min(a, b)), rarityOf(table, Math.max(a, b))];
          expect(low).toBeLessThanOrEqual(high);
          if (high > LEAST_RARE && high < MOST_RARE) expect(rarityOf(table, statisticOf(table, high))).toBeCloseTo(high, 6);
        }
      }),
    );
  });

  test.each([
    [0, 0],
    [0.3, 0.25],
    [7, 7],
    [400, 14],
  ])("after %d days the tables from day %d on hold", (days, from) => {
    expect(calibrationAt(CALIBRATIONS, days).fromDays).toBe(from);
  });

  test("the same is less telling of a series that was watched for less time", () => {
    const ages = CALIBRATIONS.map(({ methods }) => rarityOf(methods["value-novelty"]!, 0.2));
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
  });

  test.each([
    [[2, 1], 2],
    [[1, 2], 2],
    [[2, -1], 2],
    [[-0.5, -1], -0.5],
  ])("the rarities %j together are %d", (rarities, together) => {
    expect(combineRarities(rarities)).toBe(together);
  });
});

test("the digest's quantiles are near those of all values, in bounded space", () => {
  const seeds = Array.from({ length: 10 }, (_, place) => place + 1);
  const quantiles = [0.002, 0.05, 0.25, 0.5, 0.75, 0.95, 0.998];
  const errors = quantiles.map(() => 0);
  for (const seed of seeds) {
    const uniform = seeded(seed);
    const values = Array.from({ length: 5_000 }, () => normal(uniform));
    const digest = createDigest();
    for (const value of values) addToDigest(digest, value, { size: 32, halfLife: 6_400 });
    const sorted = values.toSorted((a, b) => a - b);
    for (const [place, p] of quantiles.entries()) {
      const error = Math.abs(digestQuantile(digest, p) - quantileSorted(sorted, p));
      errors[place] = errors[place]! + error / seeds.length;
    }
    expect(digest.n).toBeLessThanOrEqual(64);
  }
  // The tails are the means of a few points among 5,000: their own spread is 0.1.
  for (const [place, p] of quantiles.entries()) expect(errors[place]).toBeLessThan(p < 0.01 || p > 0.99 ? 0.1 : 0.02);
});

describe("the wall clock", () => {
  test.each([
    ["UTC", 0],
    ["Europe/Berlin", 2],
    ["Asia/Kolkata", 5.5],
    ["America/St_Johns", -2.5],
  ])("of %s in June is %d hours from UTC", (timezone, hours) => {
    const at = Date.UTC(2026, 5, 1, 12, 34);
    expect(wallClock(at, timezone) - at).toBe(hours * 3_600_000);
  });

  test.each([
    ["America/St_Johns", Date.UTC(2026, 2, 8, 5, 30), -2.5],
    ["Australia/Lord_Howe", Date.UTC(2026, 9, 3, 15, 30), 11],
  ])("of %s changes on the half hour of UTC", (timezone, change, hours) => {
    expect(wallClock(change, timezone) - change).toBe(hours * 3_600_000);
    expect(wallClock(change - 1, timezone) - (change - 1)).not.toBe(hours * 3_600_000);
  });

  test("follows the change to winter time", () => {
    const change = Date.UTC(2026, 9, 25, 1);
    expect(wallClock(change - 1, "Europe/Berlin") - (change - 1)).toBe(7_200_000);
    expect(wallClock(change, "Europe/Berlin") - change).toBe(3_600_000);
  });
});

test("the context of a row ends where the points do", () => {
  const points = { timestamps: Float64Array.of(1, 2, 3, 4), values: Float64Array.of(10, 20, 30, 40) };
  expect(contextAround(points, 0, 1)).toEqual({ timestamps: [1, 2], values: [10, 20], mean: 15, standardDeviation: 5, min: 10, max: 20 });
  expect(contextAround(points, 2, 500).values).toEqual([10, 20, 30, 40]);
});
