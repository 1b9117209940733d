import { expect, test } from "@jest/globals";
import { candidateSeasons, inferFrequency, nextTimestamps } from "./frequency.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ["a scraper that jitters by a second", [0, 61_000, 119_500, 180_000, 240_500], MINUTE],
  ["a day with a change to daylight saving", [0, DAY, 2 * DAY - HOUR, 3 * DAY - HOUR], DAY],
  ["a gap of a week in hourly data", [0, HOUR, 2 * HOUR, 170 * HOUR, 171 * HOUR], HOUR],
  ["an uncommon but even spacing", [0, 10_000, 20_000, 30_000], 10_000],
  ["unsorted and repeated times", [30 * MINUTE, 0, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE], 15 * MINUTE],
  ["weeks", [0, 7 * DAY, 14 * DAY], 7 * DAY],
])("the frequency of %s is found", (_name, timestamps, expected) => {
  expect(inferFrequency(Float64Array.from(timestamps))).toBe(expected);
});

test("one time, however often, has no frequency", () => {
  expect(inferFrequency(Float64Array.of(5, 5, 5))).toBeNull();
  expect(inferFrequency(new Float64Array())).toBeNull();
});

test("future times go on in equal steps of UTC across a change to daylight saving", () => {
  const beforeChange = Date.UTC(2026, 2, 28, 12);
  const next = nextTimestamps(beforeChange, DAY, 2);
  expect([...next].map((time) => new Date(time).toISOString())).toEqual(["2026-03-29T12:00:00.000Z", "2026-03-30T12:00:00.000Z"]);
});

test.each([
  ["a minute", MINUTE, [60, 1_440, 10_080]],
  ["5 minutes", 5 * MINUTE, [12, 288, 2_016]],
  ["15 minutes", 15 * MINUTE, [4, 96, 672]],
  ["an hour", HOUR, [24, 168]],
  ["a day", DAY, [7, 365]],
  ["a week", 7 * DAY, [52]],
  ["a month", 30.4375 * DAY, [12]],
  ["a year", 365 * DAY, []],
])("the seasons to test at %s are the hour, day, week or year that hold it", (_name, frequencyMs, expected) => {
  expect(candidateSeasons(frequencyMs)).toEqual(expected);
});
