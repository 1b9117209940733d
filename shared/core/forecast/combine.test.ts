import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { MEAN, MEDIAN, weightedMean, weightedMedian, weightsOf } from "./combine.ts";

test.each([
  [
    [1, 1],
    [0.5, 0.5],
  ],
  [
    [1, 2],
    [1, 0],
  ],
  [
    [3, 5, Infinity],
    [25 / 34, 9 / 34, 0],
  ],
  [
    [0, 0, 1],
    [0.5, 0.5, 0],
  ],
])("errors of %j weigh %j", (errors, weights) => {
  for (const [member, weight] of weightsOf(errors).entries()) expect(weight).toBeCloseTo(weights[member]!, 12);
});

test("the median lies where half of the weight is on either side", () => {
  const forecasts = [Float64Array.of(1, 9), Float64Array.of(2, 5), Float64Array.of(7, 1)];
  expect([...weightedMedian(forecasts, [0.2, 0.5, 0.3])]).toEqual([2, 5]);
  expect([...weightedMedian(forecasts.slice(0, 2), [0.5, 0.5])]).toEqual([1.5, 7]);
  expect([...weightedMedian(forecasts, [0, 0, 1])]).toEqual([7, 1]);
});

test("it is one of the forecasts or between two of them, in whatever order they come", () => {
  const member = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 9 }), (members) => {
      const sum = members.reduce((total, [, weight]) => total + weight, 0);
      const medianOf = (all: typeof members): number =>
        weightedMedian(
          all.map(([value]) => Float64Array.of(value)),
          all.map(([, weight]) => weight / sum),
        )[0]!;
      const values = members.map(([value]) => value);
      expect(medianOf(members)).toBeGreaterThanOrEqual(Math.min(...values));
      expect(medianOf(members)).toBeLessThanOrEqual(Math.max(...values));
      expect(medianOf(members.toReversed())).toBeCloseTo(medianOf(members), 12);
    }),
  );
});

test("the mean weighs every forecast", () => {
  const forecasts = [Float64Array.of(1, 9), Float64Array.of(3, 5)];
  expect([...weightedMean(forecasts, [0.25, 0.75])]).toEqual([2.5, 6]);
});

test("a mean is judged by its squared errors and a median by its absolute ones, where something is observed", () => {
  const residuals = Float64Array.of(3, NaN, -4, 0);
  expect(MEDIAN.errorOf(residuals)).toBeCloseTo(7 / 3, 12);
  expect(MEAN.errorOf(residuals)).toBeCloseTo(Math.sqrt(25 / 3), 12);
  expect(MEAN.errorOf(Float64Array.of(NaN))).toBeNaN();
});
