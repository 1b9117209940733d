import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { normalProbability } from "./normal-probability.ts";
import { normalQuantile } from "./normal-quantile.ts";

// R 4.3, pnorm(z).
test.each([
  [-3, 0.001_349_898_031_630_095],
  [-1.96, 0.024_997_895_148_220_4],
  [-0.5, 0.308_537_538_725_986_9],
  [0, 0.5],
  [1, 0.841_344_746_068_543],
  [2.5, 0.993_790_334_674_223_8],
  [6, 0.999_999_999_013_412_4],
])("below %p lie %p of a normal distribution", (z, expected) => {
  expect(normalProbability(z)).toBeCloseTo(expected, 14);
});

test("far away everything or nothing lies below", () => {
  expect([-Infinity, -50, 50, Infinity].map(normalProbability)).toEqual([0, 0, 1, 1]);
});

test("it turns quantiles back into their probabilities", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
      expect(Math.abs(normalProbability(normalQuantile(p)) - p)).toBeLessThan(1e-8);
    }),
  );
});
