import { expect, test } from "@jest/globals";
import { dynamicThetaForecast } from "./dynamic-theta.ts";
import { NILE, WWW_USAGE } from "./golden.ts";

/** Accidental deaths in the USA a month, 1973-1977 (R's USAccDeaths), without their season, rounded. */
const DEATHS = [
  9867, 9662, 9673, 9684, 9700, 9957, 9667, 9720, 9796, 9671, 9410, 9037, 8596, 8516, 8776, 8963, 8393, 8658, 8459, 8817, 8847, 8875, 8973,
  8775, 8993, 8820, 8855, 8404, 9062, 8717, 8421, 8632, 8409, 8226, 8437, 8115, 8532, 8955, 8491, 8454, 8291, 8119, 8393, 8209, 8182, 8262,
  8165, 8716, 8590, 8431, 8443, 8630, 8552, 8486, 8927, 8350, 8478, 8637, 8570, 8852,
];

// StatsForecast 2.1.0, DOTM; of DEATHS where its own filter has the least squared errors, which its search ends 4e-7 above.
test.each([
  ["deaths without their season", DEATHS, [8732.616235, 8729.644775, 8726.799187]],
  ["Nile", NILE.train, [888.9271589, 888.9271589, 888.9271589]],
  ["WWWusage", WWW_USAGE.train, [181.9497959, 181.9497959, 181.9497959]],
])("%s: the forecast is that of StatsForecast", (_name, train, wanted) => {
  const mean = dynamicThetaForecast(Float64Array.from(train), 3)!;
  for (const [step, value] of wanted.entries()) expect(Math.abs(mean[step]! / value - 1)).toBeLessThan(1e-5);
});

test("a line goes on with its whole slope, where classical theta takes half of it", () => {
  const y = Float64Array.from({ length: 50 }, (_, t) => 3 + 2 * t);
  for (const [step, value] of dynamicThetaForecast(y, 20)!.entries()) expect(value).toBeCloseTo(103 + 2 * step, 6);
});

test.each([0, -7, 0.1])("a constant %p stays", (value) => {
  for (const ahead of dynamicThetaForecast(new Float64Array(30).fill(value), 40)!) expect(ahead).toBeCloseTo(value, 9);
});

test("five points are too few", () => {
  expect(dynamicThetaForecast(Float64Array.of(1, 2, 3, 4, 5), 1)).toBeNull();
  expect(dynamicThetaForecast(Float64Array.of(1, 2, 3, 4, 5, 6), 1)![0]).toBeCloseTo(7, 6);
});
