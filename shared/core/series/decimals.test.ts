import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { asDecimals } from "./decimals.ts";

test("values with few decimals are whole numbers of the smallest unit that has them all", () => {
  expect(asDecimals(Float64Array.of(0.5, 12, -3.25))).toEqual({ decimals: 2, integers: Float64Array.of(50, 1_200, -325) });
  expect(asDecimals(new Float64Array())).toEqual({ decimals: 0, integers: new Float64Array() });
});

test.each([-0, NaN, Infinity, 1 / 3, 0.1 + 0.2, 2 ** 49, 1e-10])("%d is none of them", (value) => {
  expect(asDecimals(Float64Array.of(1, value))).toBeNull();
});

test("a quotient gives back every bit", () => {
  const decimal = fc.tuple(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.array(decimal), (list) => {
      const values = Float64Array.from(list, ([integer, decimals]) => integer / 10 ** decimals + 0);
      const found = asDecimals(values);
      if (found !== null) expect(found.integers.map((integer) => integer / 10 ** found.decimals)).toEqual(values);
      else expect(values.some((value) => Math.abs(value) > 1_000)).toBe(true);
    }),
  );
});
