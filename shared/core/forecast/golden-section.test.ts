import { expect, test } from "@jest/globals";
import { goldenSection } from "./golden-section.ts";

test.each([0, 0.3, 2])("the lowest place of a valley at %p is in what is left, a little of what there was", (lowest) => {
  const { from, to } = goldenSection((x) => (x - lowest) ** 2, { from: 0, to: 2, steps: 20 });
  expect(from).toBeLessThanOrEqual(lowest);
  expect(to).toBeGreaterThanOrEqual(lowest);
  expect(to - from).toBeCloseTo(2 * ((Math.sqrt(5) - 1) / 2) ** 20, 12);
});

test("each step costs one evaluation", () => {
  let evaluations = 0;
  goldenSection(() => (evaluations += 1), { from: 0, to: 1, steps: 14 });
  expect(evaluations).toBe(16);
});
