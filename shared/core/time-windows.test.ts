import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { joined, windowAt } from "./time-windows.ts";
import type { TimeWindow } from "./time-windows.ts";

const window = (from: number, to: number): TimeWindow => ({ from, to });

test("windows that meet are one", () => {
  expect(joined([window(5, 7), window(0, 3), window(2, 4), window(7, 9), window(1, 2)])).toEqual([window(0, 4), window(5, 9)]);
  expect(joined([])).toEqual([]);
});

test("a time lies in joined windows if, and only if, it lies in one of them before", () => {
  const some = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 9 })).map(([from, length]) => window(from, from + length)));
  fc.assert(
    fc.property(some, fc.nat(50), (windows, at) => {
      const found = windowAt(joined(windows), at);
      expect(found !== null).toBe(windows.some(({ from, to }) => from <= at && at < to));
      if (found !== null) expect(found.from <= at && at < found.to).toBe(true);
    }),
  );
});
