import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { mean as referenceMean } from "simple-statistics";
import { NILE } from "./golden.ts";
import { meanForecast, runningMean } from "./mean.ts";

test("the mean forecast of the Nile is R's", () => {
  const forecast = meanForecast(Float64Array.from(NILE.train), { horizon: 2 });
  if (!forecast.ok) throw new Error("refused");
  expect([...forecast.value.mean].map((value) => value.toFixed(7))).toEqual(["924.3222222", "924.3222222"]);
});

test("nothing has no mean", () => {
  expect(meanForecast(new Float64Array(), { horizon: 1 })).toEqual({ ok: false, error: { reason: "too-short", needed: 1, got: 0 } });
});

test("the running mean agrees with simple-statistics, and is exact for equal values", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 100 }), (values) => {
      expect(runningMean(Float64Array.from(values))).toBeCloseTo(referenceMean(values), 6);
      expect(runningMean(new Float64Array(values.length).fill(values[0]!)) === values[0]!).toBe(true);
    }),
  );
});
