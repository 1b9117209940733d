import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { powerOfTwoBelow, scaleSeries } from "./scaling.ts";

const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });

test("every finite series scales to below 2 in size and back to itself within the rounding of its largest value", () => {
  fc.assert(
    fc.property(fc.array(anyFinite, { minLength: 1, maxLength: 20 }), (values) => {
      const scaled = scaleSeries(Float64Array.from(values));
      const largest = Math.max(...values.map(Math.abs));
      const sizes = [...scaled.z].map(Math.abs);
      expect(Math.max(...sizes)).toBeLessThan(2);
      for (const [i, value] of values.entries()) {
        const error = Math.abs(scaled.from(scaled.z[i]!) / 4 - value / 4);
        expect(error).toBeLessThanOrEqual(largest * 2 ** -51 + Number.MIN_VALUE);
      }
    }),
  );
});

test("shifting integers or scaling by a power of two leaves the scaled series bit for bit the same", () => {
  const integers = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(integers, fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -200, max: 200 }), (values, shift, power) => {
      const { z } = scaleSeries(Float64Array.from(values));
      expect(scaleSeries(Float64Array.from(values, (value) => value + shift)).z).toEqual(z);
      expect(scaleSeries(Float64Array.from(values, (value) => value * 2 ** power)).z).toEqual(z);
    }),
  );
});

test("gaps stay gaps, and a constant becomes zeros that map back to it", () => {
  const { z, from } = scaleSeries(Float64Array.of(0.1, NaN, 0.1));
  expect(z).toEqual(Float64Array.of(0, NaN, 0));
  expect(from(0)).toBe(0.1);
});

test.each([
  [0, 1],
  [1, 1],
  [3.9, 2],
  [0.3, 0.25],
  [Number.MIN_VALUE, Number.MIN_VALUE],
  [Number.MAX_VALUE, 2 ** 1023],
])("the power of two below %p is %p", (x, power) => {
  expect(powerOfTwoBelow(x)).toBe(power);
});
