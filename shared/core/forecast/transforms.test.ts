import { expect, test } from "@jest/globals";
import { above, besideSeasons, sharedOver, throughDifferences, throughLogs } from "./transforms.ts";
import type { Forecast } from "./transforms.ts";

const last: Forecast = (y, horizon) => new Float64Array(horizon).fill(y.at(-1)!);
const steady: Forecast = (y, horizon) =>
  Float64Array.from({ length: horizon }, (_, step) => y.at(-1)! + (step + 1) * (y.at(-1)! - y.at(-2)!));

test("what grows by a share goes on by it through logarithms, above any floor", () => {
  const y = Float64Array.of(-4, -3, -1, 3);
  const ahead = throughLogs(-5)(steady)(y, 2)!;
  expect([...ahead].map((value) => Math.round(1e9 * value) / 1e9)).toEqual([11, 27]);
});

test("zeros have a logarithm too, and nothing falls below the floor", () => {
  const ahead = throughLogs(0)(steady)(Float64Array.of(8, 4, 2, 0), 3)!;
  expect(ahead.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(throughLogs(0)(last)(new Float64Array(5), 1)).toBeNull();
});

test("differences from a lag back are added up again, cycle after cycle", () => {
  const y = Float64Array.from({ length: 80 }, (_, t) => (t % 4) + Math.floor(t / 4));
  expect([...throughDifferences(last, 4)(y, 8)!]).toEqual([20, 21, 22, 23, 21, 22, 23, 24]);
  expect(throughDifferences(last, 21)(y, 1)).toBeNull();
});

test("seasons are taken off, and their last cycle is added again", () => {
  const decompose = (y: Float64Array) => ({ seasonals: [y.map((_, t) => (t % 2) - 0.5)], trend: y, adjusted: y.map((_, t) => t) });
  expect([...besideSeasons(last, decompose, [2])(new Float64Array(6), 3)!]).toEqual([4.5, 5.5, 4.5]);
  expect(besideSeasons(last, decompose, [4])(new Float64Array(6), 3)).toBeNull();
});

test("what is above a floor is never below it", () => {
  expect([...above((y, horizon) => y.slice(-horizon), 2)(Float64Array.of(1, 2, 5), 3)!]).toEqual([2, 2, 5]);
});

test("a rate is shared out over a season as the history is, from its phase on", () => {
  const y = Float64Array.of(0, 1, 5, 0, 3, 3, 0);
  const ahead = sharedOver(last, 3)(y, 3)!;
  expect([...ahead]).toEqual([0, 0, 0]);
  const rate: Forecast = (_y, horizon) => new Float64Array(horizon).fill(12 / 7);
  expect([...sharedOver(rate, 3)(y, 4)!].map((value) => Math.round(1e9 * value) / 1e9)).toEqual([2, 4, 0, 2]);
  expect([...sharedOver(rate, 1)(y, 1)!]).toEqual([12 / 7]);
  expect([...sharedOver(last, 3)(new Float64Array(6), 2)!]).toEqual([0, 0]);
});
