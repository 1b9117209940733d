import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fillGaps } from "./gaps.ts";
import { NILE } from "./golden.ts";

test("gaps in the Nile are filled as R's na.interp fills them", () => {
  const y = Float64Array.from(NILE.train);
  for (const missing of [10, 11, 60]) y[missing - 1] = NaN;
  const filled = fillGaps(y, 1);
  expect([filled[9], filled[10], filled[59]]).toEqual([1225, 1080, 910.5]);
});

test("a gap in a seasonal series gets the value of its phase, not a line across it", () => {
  const y = Float64Array.from({ length: 40 }, (_, t) => 10 + [5, 0, -5, 0][t % 4]! + t);
  const holed = y.slice();
  for (const t of [17, 18, 19, 20]) holed[t] = NaN;
  const filled = fillGaps(holed, 4);
  for (const t of [17, 18, 19, 20]) expect(Math.abs(filled[t]! - y[t]!)).toBeLessThan(2);
  expect(Math.abs(fillGaps(holed, 1)[20]! - y[20]!)).toBeGreaterThan(2);
});

test("observed points stay, and nothing is left open", () => {
  const point = fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: NaN });
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (values, seasonLength) => {
      fc.pre(values.some((value) => !Number.isNaN(value)));
      const filled = fillGaps(Float64Array.from(values), seasonLength);
      expect(filled.every(Number.isFinite)).toBe(true);
      for (const [i, value] of values.entries()) if (!Number.isNaN(value)) expect(filled[i]).toBe(value);
    }),
  );
});
