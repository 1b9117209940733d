import { expect, test } from "@jest/globals";
import { measureOutcomes, rollingCutoffs } from "./evaluation.ts";
import type { Outcome } from "./evaluation.ts";

test.each([
  [100, 10, 4, [60, 70, 80, 90]],
  [25, 10, 4, [5, 15]],
  [12, 10, 4, [2]],
  [11, 10, 4, []],
])("of %i points, %i ahead, %i cutoffs know %j", (n, horizon, cutoffs, known) => {
  expect(rollingCutoffs(n, { horizon, cutoffs })).toEqual(known);
});

const outcome = (known: number, actual: number[], mean: number[], width: number): Outcome => ({
  known,
  actual: Float64Array.from(actual),
  mean: Float64Array.from(mean),
  intervals: [{ level: 80, lo: Float64Array.from(mean, (value) => value - width), hi: Float64Array.from(mean, (value) => value + width) }],
});

test("errors, coverage and width are those of all forecasts together, and a gap counts for none of them", () => {
  const y = Float64Array.of(1, 2, 3, 4, 5, NaN);
  const measures = measureOutcomes(y, [outcome(2, [3, 4], [3, 6], 1), outcome(4, [5, NaN], [4, 4], 1)], { seasonLength: 1 })!;
  expect(measures).toMatchObject({ mae: 1, rmse: Math.sqrt(5 / 3), mase: 1 });
  expect(measures.intervals).toEqual([{ level: 80, coverage: 2 / 3, width: 2 }]);
  // The naive forecasts say 2, 2 and 4: they are off by 1, 2 and 1.
  expect(measures.skill).toBeCloseTo(1 - 1 / (4 / 3), 12);
});

test("the quantile loss is the mean of each quantile's pinball loss, twice, by the size of what came", () => {
  const { wql } = measureOutcomes(Float64Array.of(1, 2, 10), [outcome(2, [10], [8], 4)], { seasonLength: 1 })!;
  const [median, low, high] = [2 * 0.5 * 2, 2 * 0.1 * 6, 2 * (0.9 - 1) * (10 - 12)];
  expect(wql).toBeCloseTo((median + low + high) / 3 / 10, 12);
});

test("what came is compared with the season that was known, and nothing observed cannot be measured", () => {
  const y = Float64Array.of(1, 5, 1, 5, 1, 5);
  expect(measureOutcomes(y, [outcome(4, [1, 5], [2, 4], 1)], { seasonLength: 2 })).toMatchObject({ skill: null, mase: null, mae: 1 });
  expect(measureOutcomes(y, [outcome(4, [NaN, NaN], [2, 4], 1)], { seasonLength: 2 })).toBeNull();
});
