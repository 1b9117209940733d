import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { openBacktest, planBacktest, residualsOf } from "./backtest.ts";
import type { Forecast } from "./transforms.ts";

const lastValue: Forecast = (y, horizon) => new Float64Array(horizon).fill(y.at(-1)!);

test.each([
  [2, 1, [], { horizon: 1, cutoffs: [1] }],
  [1_000, 48, [24], { horizon: 48, cutoffs: [808, 856, 904, 952] }],
  [700, 48, [24, 168], { horizon: 48, cutoffs: [508, 556, 604, 652] }],
  [1_000, 1, [], { horizon: 1, cutoffs: [992, 993, 994, 995, 996, 997, 998, 999] }],
  [50, 720, [], { horizon: 10, cutoffs: [20, 30, 40] }],
  [48, 24, [24], { horizon: 9, cutoffs: [30, 39] }],
])("%i points with %i steps and the seasons %j are tested at %j", (n, horizon, seasonLengths, plan) => {
  expect(planBacktest(n, { horizon, seasonLengths })).toEqual(plan);
});

test("every plan has an origin, knows a cycle before it and ends at the newest", () => {
  const n = fc.integer({ min: 2, max: 5_000 });
  fc.assert(
    fc.property(n, fc.integer({ min: 1, max: 720 }), fc.integer({ min: 2, max: 400 }), (n, horizon, season) => {
      const seasonLengths = n >= 2 * season ? [season] : [];
      const plan = planBacktest(n, { horizon, seasonLengths });
      expect(plan.cutoffs.length).toBeGreaterThanOrEqual(1);
      expect(plan.cutoffs[0]).toBeGreaterThanOrEqual(Math.min(seasonLengths[0] ?? 1, n - 1));
      expect(plan.cutoffs.at(-1)! + plan.horizon).toBe(n);
      expect(plan.horizon).toBeLessThanOrEqual(horizon);
    }),
  );
});

test("residuals are actual less forecast, and a gap is no actual", () => {
  const y = Float64Array.of(1, 2, 4, NaN, 16, 32);
  const plan = { horizon: 2, cutoffs: [2, 4] };
  const said = openBacktest(y, { plan, seasonLength: 1 })(lastValue);
  expect(residualsOf(y, plan, said!)).toEqual([Float64Array.of(2, NaN), Float64Array.of(12, 28)]);
});

test("a forecast sees gaps filled, from what came before its origin only", () => {
  const seen: number[][] = [];
  const spy: Forecast = (y, horizon) => {
    seen.push([...y]);
    return lastValue(y, horizon);
  };
  openBacktest(Float64Array.of(1, NaN, 3, NaN, 100), { plan: { horizon: 1, cutoffs: [4] }, seasonLength: 1 })(spy);
  expect(seen).toEqual([[1, 2, 3, 3]]);
});

test("a forecast that refuses at one origin, or says what is no number, is out, and the others stay", () => {
  const refuses: Forecast = (y, horizon) => (y.length < 3 ? null : lastValue(y, horizon));
  const nonsense: Forecast = (y, horizon) => (y.length < 3 ? new Float64Array(horizon).fill(NaN) : lastValue(y, horizon));
  const wouldSay = openBacktest(Float64Array.of(1, 2, 3, 4), { plan: { horizon: 1, cutoffs: [2, 3] }, seasonLength: 1 });
  expect([refuses, nonsense, lastValue].map(wouldSay)).toEqual([null, null, [Float64Array.of(2), Float64Array.of(3)]]);
});
