import { expect, test } from "@jest/globals";
import { fingerprintOf } from "./fingerprint.ts";

const points = (...values: number[]) => ({ timestamps: Float64Array.from(values.keys()), values: Float64Array.from(values) });
const asked = { backend: "auto", horizon: 3, levels: [80], bounds: { min: 0 } };

test("the same points and question have one fingerprint, and any other another", () => {
  const print = fingerprintOf(points(1, 2, 3), asked);
  // A view of a longer column is the same column.
  const longer = points(9, 1, 2, 3);
  expect(fingerprintOf({ timestamps: Float64Array.of(0, 1, 2), values: longer.values.subarray(1) }, { ...asked })).toBe(print);
  const others = [
    fingerprintOf(points(1, 2, 4), asked),
    fingerprintOf(points(1, 2), asked),
    fingerprintOf(points(1, 2, 3), { ...asked, horizon: 4 }),
    fingerprintOf(points(1, 2, 3), { ...asked, levels: [95] }),
    fingerprintOf(points(1, 2, 3), { ...asked, bounds: { max: 0 } }),
    fingerprintOf(points(1, 2, 3), { ...asked, frequencyMs: 1 }),
    fingerprintOf(points(1, 2, 3), { ...asked, backend: "native" }),
  ];
  expect(new Set([print, ...others]).size).toBe(8);
});
