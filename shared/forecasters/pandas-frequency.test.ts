import { expect, test } from "@jest/globals";
import { pandasFrequency } from "./pandas-frequency.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
/** A Friday. */
const FRIDAY = Date.UTC(2026, 10, 20, 10);

// Each of these pandas.tseries.frequencies.to_offset (2.3) takes and gives back as it is written.
test.each([
  [1_000, "s"],
  [1_500, "1500ms"],
  [10_000, "10s"],
  [MINUTE, "min"],
  [5 * MINUTE, "5min"],
  [15 * MINUTE, "15min"],
  [90 * MINUTE, "90min"],
  [HOUR, "h"],
  [6 * HOUR, "6h"],
  [DAY, "D"],
  [3 * DAY, "3D"],
  [30 * DAY, "30D"],
  [366 * DAY, "366D"],
])("%p ms are %s", (frequencyMs, name) => {
  expect(pandasFrequency(frequencyMs, FRIDAY)).toBe(name);
});

test.each([
  [7 * DAY, FRIDAY, "W-FRI"],
  [7 * DAY, FRIDAY + 3 * DAY, "W-MON"],
  [14 * DAY, FRIDAY + 2 * DAY, "2W-SUN"],
])("weeks are named by the day of their points: %p ms at %p are %s", (frequencyMs, at, name) => {
  expect(pandasFrequency(frequencyMs, at)).toBe(name);
});
