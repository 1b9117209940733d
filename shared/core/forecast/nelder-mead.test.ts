import { expect, test } from "@jest/globals";
import { nelderMead } from "./nelder-mead.ts";

const rosenbrock = (x: Float64Array): number => 100 * (x[1]! - x[0]! ** 2) ** 2 + (1 - x[0]!) ** 2;
const fromTwoOn = (x: Float64Array): number => (x[0]! < 2 ? Infinity : x[0]!);

test("Rosenbrock's valley is followed to its floor at (1, 1)", () => {
  const { x, value } = nelderMead(rosenbrock, [-1.2, 1], { step: [0.5, 0.5], tolerance: 1e-14, maxEvaluations: 1_000 });
  expect(value).toBeLessThan(1e-10);
  expect(x[0]).toBeCloseTo(1, 4);
  expect(x[1]).toBeCloseTo(1, 4);
});

test("one dimension and a forbidden half-line end at the least allowed point", () => {
  const { x } = nelderMead(fromTwoOn, [5], { step: [1], tolerance: 1e-9, maxEvaluations: 500 });
  expect(x[0]).toBeGreaterThanOrEqual(2);
  expect(x[0]).toBeCloseTo(2, 5);
});

test("the search never evaluates many more times than it may", () => {
  let calls = 0;
  const f = (x: Float64Array): number => {
    calls += 1;
    return Math.sin(1e6 * x[0]!) + Math.cos(1e6 * x[1]!);
  };
  nelderMead(f, [0, 0], { step: [1, 1], tolerance: 0, maxEvaluations: 50 });
  expect(calls).toBeLessThanOrEqual(50 + 2 + 2);
});
