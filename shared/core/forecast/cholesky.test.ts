import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { solvePositiveDefinite } from "./cholesky.ts";

test("the solution of a random positive definite system satisfies it", () => {
  const entry = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 9, maxLength: 9 }), fc.array(entry, { minLength: 3, maxLength: 3 }), (root, x) => {
      const a = new Float64Array(9);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          a[i * 3 + j] = i === j ? 1 : 0;
          for (let k = 0; k < 3; k++) a[i * 3 + j]! += root[i * 3 + k]! * root[j * 3 + k]!;
        }
      }
      const b = Float64Array.from({ length: 3 }, (_, i) => x.reduce((sum, value, j) => sum + a[i * 3 + j]! * value, 0));
      expect(solvePositiveDefinite(a, b)).toBe(true);
      for (const [i, value] of x.entries()) expect(b[i]).toBeCloseTo(value, 9);
    }),
  );
});

test("an indefinite and a singular matrix are refused", () => {
  expect(solvePositiveDefinite(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1))).toBe(false);
  expect(solvePositiveDefinite(Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1))).toBe(false);
});
