import { expect, test } from "@jest/globals";
import { normalQuantile } from "./normal-quantile.ts";

test.each([
  [0.9, 1.2815515655446004],
  [0.975, 1.959963984540054],
  [0.995, 2.5758293035489004],
  [0.001, -3.090232306167813],
])("the normal quantile at %p is R's qnorm, %p", (p, quantile) => {
  expect(Math.abs(normalQuantile(p) / quantile - 1)).toBeLessThan(2e-9);
});

test("the quantile is odd about one half", () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 15);
  expect(normalQuantile(0.125)).toBe(-normalQuantile(0.875));
});
