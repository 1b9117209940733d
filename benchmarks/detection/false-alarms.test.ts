import { expect, test } from "@jest/globals";
import { alarmsAt, thresholdFor } from "./false-alarms.ts";

const quiet = (high: Readonly<Record<number, number>>) => Float64Array.from({ length: 60 }, (_, row) => high[row] ?? 0.1);
const series = [quiet({ 5: 0.9, 10: 0.8, 17: 0.9, 18: 0.5 }), quiet({ 0: 0.7, 40: 0.95 })];

test("what exceeds the threshold within an hour of an alarm belongs to it, in each series for itself", () => {
  expect(alarmsAt(series, 0.6)).toBe(3);
  expect(alarmsAt(series, 0.5)).toBe(4);
  expect(alarmsAt([quiet({ 5: 0.9, 18: 0.9 })], 0.6)).toBe(2);
  expect(alarmsAt(series, 0.96)).toBe(0);
});

test("the threshold is the least that raises at most so many alarms", () => {
  expect(thresholdFor(series, 3)).toBe(0.7);
  expect(thresholdFor(series, 2)).toBe(0.8);
  expect(thresholdFor(series, 1)).toBe(0.95);
  expect(thresholdFor(series, 0)).toBe(Infinity);
});
