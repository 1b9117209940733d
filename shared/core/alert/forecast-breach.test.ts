import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import { ForecastCondition } from "../../contract/rule.ts";
import { normalProbability } from "../forecast/normal-probability.ts";
import { normalQuantile } from "../forecast/normal-quantile.ts";
import { breachOf, evaluateForecast } from "./forecast-breach.ts";
import type { KnownForecast } from "./forecast-breach.ts";

const HOUR = 3_600_000;
const condition = (changes: Partial<v.InferInput<typeof ForecastCondition>> = {}) =>
  v.parse(ForecastCondition, { operator: "gt", value: 90, horizon: "4h", ...changes });

/** A normal forecast, a step an hour after its cutoff. */
const normal = (
  mean: readonly number[],
  sd: number,
  { cutoff = 0, levels = [80, 95] as readonly number[], id = null as string | null } = {},
): KnownForecast => ({
  id,
  cutoff: cutoff * HOUR,
  timestamps: mean.map((_, step) => (cutoff + step + 1) * HOUR),
  mean: [...mean],
  intervals: levels.map((level) => {
    const width = normalQuantile(0.5 + level / 200) * sd;
    return { level, lo: mean.map((at) => at - width), hi: mean.map((at) => at + width) };
  }),
});

describe("the probability of a breach", () => {
  test("of a normal forecast is a normal distribution's, inside and far outside its intervals", () => {
    fc.assert(
      fc.property(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom([80], [50, 80, 95]), (z, levels) => {
        const forecast = normal([50], 10, { levels });
        const value = 50 + 10 * z;
        expect(breachOf(condition({ value }), forecast, 0)!.probability).toBeCloseTo(1 - normalProbability(z), 7);
        expect(breachOf(condition({ value, operator: "lt" }), forecast, 0)!.probability).toBeCloseTo(normalProbability(z), 7);
      }),
    );
  });

  test("of several steps is the largest of one of them: the least that it can be", () => {
    const of = (mean: readonly number[]) => breachOf(condition(), normal(mean, 10), 0)!.probability;
    expect(of([50, 90, 60])).toBeCloseTo(0.5, 7);
    expect(of([90, 90, 90])).toBeCloseTo(0.5, 7);
  });

  test("only the points after now count, and those within the horizon", () => {
    const forecast = normal([200, 50, 50, 50, 50, 200], 10);
    expect(breachOf(condition(), forecast, 0)!.probability).toBeGreaterThan(0.99);
    expect(breachOf(condition(), forecast, HOUR)!.probability).toBeLessThan(0.001);
    expect(breachOf(condition(), forecast, 2 * HOUR)!.probability).toBeGreaterThan(0.99);
    expect(breachOf(condition(), forecast, 6 * HOUR)).toBeNull();
  });

  test("grows with how near the value is, whatever the intervals, also where they cross", () => {
    const column = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(column, fc.integer({ min: -30, max: 30 }), ([mean, lo1, hi1, lo2, hi2], value) => {
        const forecast: KnownForecast = {
          id: null,
          cutoff: 0,
          timestamps: [HOUR],
          mean: [mean!],
          intervals: [
            { level: 80, lo: [lo1!], hi: [hi1!] },
            { level: 95, lo: [lo2!], hi: [hi2!] },
          ],
        };
        const above = (limit: number) => breachOf(condition({ value: limit }), forecast, 0)!.probability;
        expect(above(value)).toBeGreaterThanOrEqual(above(value + 1));
        expect(above(value)).toBeGreaterThanOrEqual(0);
        expect(above(value)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test.each([
    ["gt", 0],
    ["gte", 0.1],
    ["lt", 0.9],
    ["lte", 1],
  ] as const)("at a bound that holds the upper ends, %s is %p", (operator, expected) => {
    const bounded: KnownForecast = {
      id: null,
      cutoff: 0,
      timestamps: [HOUR],
      mean: [80],
      intervals: [
        { level: 80, lo: [60], hi: [100] },
        { level: 95, lo: [50], hi: [100] },
      ],
    };
    expect(breachOf(condition({ operator, value: 100 }), bounded, 0)!.probability).toBeCloseTo(expected, 8);
  });

  test("a forecast without intervals says nothing of probabilities", () => {
    expect(breachOf(condition(), normal([200], 10, { levels: [] }), 0)).toBeNull();
  });

  test("the time of the breach is its median, with the range that holds 80 %", () => {
    // 10 %, 50 % and 90 % of the 0.9 that is reached at last.
    const quantiles = [0.05, 0.2, 0.5, 0.85, 0.9].map((p) => 90 + 10 * normalQuantile(p));
    const forecast = normal(quantiles, 10);
    const breach = breachOf(condition({ horizon: "5h" }), forecast, 0)!;
    expect(breach.probability).toBeCloseTo(0.9, 7);
    expect(breach.at).toEqual({ lo: 2 * HOUR, median: 3 * HOUR, hi: 4 * HOUR });
  });
});

describe("need of the last forecasts", () => {
  const high = (cutoff: number) => normal([200, 200, 200, 200, 200, 200], 10, { cutoff, id: `high ${cutoff}` });
  const low = (cutoff: number) => normal([10, 10, 10, 10, 10, 10], 10, { cutoff, id: `low ${cutoff}` });
  test.each<[string, readonly KnownForecast[], number, "true" | "false"]>([
    ["two of three", [high(0), low(1), high(2)], 2, "true"],
    ["two of two, while there are no more", [high(0), high(1)], 1, "true"],
    ["one is too few", [high(2)], 2, "false"],
    ["one of three is too few", [low(0), low(1), high(2)], 2, "false"],
    ["older ones than the last three do not count", [high(0), high(1), low(2), low(3), high(4)], 4, "false"],
    ["one that is not made yet does not count", [high(0), high(3)], 2, "false"],
    ["none", [], 0, "false"],
  ])("%s", (_, forecasts, hour, outcome) => {
    expect(evaluateForecast(condition(), forecasts, hour * HOUR).outcome).toBe(outcome);
  });

  test("without a new forecast for two horizons it is false, however far the last ones reach", () => {
    const long = [0, 1].map((cutoff) =>
      normal(
        Array.from({ length: 48 }, () => 200),
        10,
        { cutoff },
      ),
    );
    expect([8, 9].map((hour) => evaluateForecast(condition({ confirm: { need: 1 } }), long, hour * HOUR).outcome)).toEqual([
      "true",
      "true",
    ]);
    expect(evaluateForecast(condition({ confirm: { need: 1 } }), long, 9 * HOUR + 1).outcome).toBe("false");
  });

  test("the alert says how probable, when, and what is forecast for then", () => {
    const forecasts = [normal([50, 120, 120], 10, { id: "fct_1" }), normal([50, 120, 120], 10, { id: "fct_2", cutoff: 0.5 })];
    const evaluation = evaluateForecast(condition(), forecasts, 0.5 * HOUR);
    expect(evaluation).toMatchObject({
      outcome: "true",
      evidence: {
        kind: "forecast",
        operator: "gt",
        threshold: 90,
        horizon: 4 * HOUR,
        needed: 0.8,
        agreeing: 2,
        of: 2,
        breachAt: { median: 2.5 * HOUR, lo: 2.5 * HOUR, hi: 2.5 * HOUR },
        forecast: "fct_2",
        cutoff: 0.5 * HOUR,
        interval: { level: 95, mean: 120 },
      },
    });
    expect(evaluation.value).toBeCloseTo(normalProbability(3), 7);
  });
});
