import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { backtest, planBacktest } from "./backtest.ts";
import type { Forecaster } from "./backtest.ts";

const lastValue: Forecaster = (y, horizon) => ({ ok: true, value: { name: "naive", mean: new Float64Array(horizon).fill(y.at(-1)!) } });

test.each([
  [2, 1, 1, { horizon: 1, cutoffs: [1] }],
  [1_000, 48, 24, { horizon: 48, cutoffs: [808, 856, 904, 952] }],
  [1_000, 1, 1, { horizon: 1, cutoffs: [992, 993, 994, 995, 996, 997, 998, 999] }],
  [50, 720, 1, { horizon: 10, cutoffs: [20, 30, 40] }],
  [48, 24, 24, { horizon: 9, cutoffs: [30, 39] }],
])("%i points with %i steps and season %i are tested at %j", (n, horizon, seasonLength, plan) => {
  expect(planBacktest(n, { horizon, seasonLength })).toEqual(plan);
});

test("every plan has an origin, knows a point before it and ends at the newest", () => {
  const n = fc.integer({ min: 2, max: 5_000 });
  fc.assert(
    fc.property(n, fc.integer({ min: 1, max: 720 }), fc.integer({ min: 1, max: 400 }), (n, horizon, season) => {
      const seasonLength = n >= 2 * season ? season : 1;
      const plan = planBacktest(n, { horizon, seasonLength });
      expect(plan.cutoffs.length).toBeGreaterThanOrEqual(1);
      expect(plan.cutoffs[0]).toBeGreaterThanOrEqual(Math.min(seasonLength, n - 1));
      expect(plan.cutoffs.at(-1)! + plan.horizon).toBe(n);
      expect(plan.horizon).toBeLessThanOrEqual(horizon);
    }),
  );
});

test("residuals are actual less forecast, and a gap is no actual", () => {
  const y = Float64Array.of(1, 2, 4, NaN, 16, 32);
  const [run] = backtest(y, [lastValue], { plan: { horizon: 2, cutoffs: [2, 4] }, seasonLength: 1 });
  expect(run?.residuals).toEqual([Float64Array.of(2, NaN), Float64Array.of(12, 28)]);
});

test("a forecaster sees gaps filled, from what came before its origin only", () => {
  const seen: number[][] = [];
  const spy: Forecaster = (y, horizon) => {
    seen.push([...y]);
    return lastValue(y, horizon);
  };
  backtest(Float64Array.of(1, NaN, 3, NaN, 100), [spy], { plan: { horizon: 1, cutoffs: [4] }, seasonLength: 1 });
  expect(seen).toEqual([[1, 2, 3, 3]]);
});

test("a forecaster that refuses at one origin is out, and the others stay", () => {
  const refuses: Forecaster = (y, horizon) => (y.length < 3 ? { ok: false, error: "too-short" } : lastValue(y, horizon));
  const runs = backtest(Float64Array.of(1, 2, 3, 4), [refuses, lastValue], { plan: { horizon: 1, cutoffs: [2, 3] }, seasonLength: 1 });
  expect(runs[0]).toBeNull();
  expect(runs[1]?.means).toEqual([Float64Array.of(2), Float64Array.of(3)]);
});
