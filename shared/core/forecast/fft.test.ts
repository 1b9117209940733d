import { expect, test } from "@jest/globals";
import { fft, periodogram } from "./fft.ts";

test("the transform is that of its definition", () => {
  const x = Float64Array.of(3, -1, 4, 1, -5, 9, -2, 6);
  const [re, im] = [x.slice(), new Float64Array(8)];
  fft(re, im);
  for (let k = 0; k < 8; k++) {
    let [expectedRe, expectedIm] = [0, 0];
    for (let t = 0; t < 8; t++) {
      expectedRe += x[t]! * Math.cos((2 * Math.PI * k * t) / 8);
      expectedIm -= x[t]! * Math.sin((2 * Math.PI * k * t) / 8);
    }
    expect(re[k]).toBeCloseTo(expectedRe, 12);
    expect(im[k]).toBeCloseTo(expectedIm, 12);
  }
});

test("a cycle stands at its frequency alone, with a quarter of the points' number times its squared amplitude", () => {
  const power = periodogram(Float64Array.from({ length: 64 }, (_, t) => 3 * Math.sin((2 * Math.PI * 8 * t) / 64)));
  expect(power).toHaveLength(32);
  for (const [k, value] of power.entries()) expect(value).toBeCloseTo(k === 8 ? (64 / 4) * 9 : 0, 9);
});

test("zeros are appended up to a power of two: the frequencies are those of the longer series", () => {
  const power = periodogram(Float64Array.from({ length: 200 }, (_, t) => Math.sin((2 * Math.PI * t) / 16)));
  expect(power).toHaveLength(128);
  expect(power.indexOf(Math.max(...power))).toBe(16);
});
