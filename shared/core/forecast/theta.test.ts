import { expect, test } from "@jest/globals";
import { NILE, WWW_USAGE } from "./golden.ts";
import { thetaForecast } from "./theta.ts";

// R 4.2.2 with forecast 8.20, thetaf.
test.each([
  ["Nile", NILE, [881.1591703, 879.5050937, 877.8510171]],
  ["WWWusage", WWW_USAGE, [182.1018712, 182.2042789, 182.3066866]],
])("%s is forecast as in R", (_name, { train }, wanted) => {
  const mean = thetaForecast(Float64Array.from(train), 3)!;
  for (const [step, value] of wanted.entries()) expect(Math.abs(mean[step]! / value - 1)).toBeLessThan(1e-4);
});

test("a constant stays, a line goes on with half of its slope, and two points are too few", () => {
  expect([...thetaForecast(new Float64Array(10).fill(3), 2)!]).toEqual([3, 3]);
  const [first, second] = thetaForecast(
    Float64Array.from({ length: 50 }, (_, t) => 2 * t),
    2,
  )!;
  expect(second! - first!).toBeCloseTo(1, 9);
  expect(thetaForecast(Float64Array.of(1, 2), 1)).toBeNull();
});
