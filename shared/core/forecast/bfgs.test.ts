import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { bfgs } from "./bfgs.ts";

const options = { tolerance: 1e-10, maxEvaluations: 2_000 };

test("finds the bottom of Rosenbrock's valley", () => {
  const { x, value } = bfgs(([a, b]) => (1 - a!) ** 2 + 100 * (b! - a! * a!) ** 2, [-1.2, 1], options);
  expect(value).toBeLessThan(1e-6);
  expect(x[0]).toBeCloseTo(1, 2);
  expect(x[1]).toBeCloseTo(1, 2);
});

test("finds the bottom of any bowl", () => {
  const at = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(at, (bottom) => {
      const bowl = (x: Float64Array): number => bottom.reduce((sum, place, i) => sum + (i + 1) * (x[i]! - place) ** 2, 3);
      const { x, value } = bfgs(
        bowl,
        bottom.map(() => 0),
        options,
      );
      expect(value).toBeCloseTo(3, 6);
      for (const [i, place] of bottom.entries()) expect(x[i]).toBeCloseTo(place, 3);
    }),
  );
});

test("turns back at forbidden points, and never ends above its start", () => {
  const { x } = bfgs(([a]) => (a! < 2 ? Infinity : a!), [5], options);
  expect(x[0]).toBeGreaterThanOrEqual(2);
  expect(x[0]).toBeLessThan(2.2);
});

test("stops soon after so many evaluations, and at once where nothing slopes or there is nothing to search", () => {
  let evaluations = 0;
  const valley = (x: Float64Array): number => {
    evaluations += 1;
    return (1 - x[0]!) ** 2 + 100 * (x[1]! - x[0]! ** 2) ** 2;
  };
  bfgs(valley, [-1.2, 1], { ...options, maxEvaluations: 20 });
  expect(evaluations).toBeLessThan(40);
  expect(bfgs(() => 7, [1, 2], options)).toEqual({ x: Float64Array.of(1, 2), value: 7 });
  expect(bfgs(() => 7, [], options).value).toBe(7);
});
