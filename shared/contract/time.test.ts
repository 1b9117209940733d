import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import * as v from "valibot";
import {
  atLeast,
  atMost,
  Duration,
  formatDuration,
  isoTime,
  parseDuration,
  parseTime,
  PointTime,
  QueryTime,
  SECONDS_MESSAGE,
  Time,
} from "./time.ts";

test.each([
  ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10)],
  ["2026-11-20T10:00Z", Date.UTC(2026, 10, 20, 10)],
  ["2026-11-20T10:00:00.123+01:00", Date.UTC(2026, 10, 20, 9, 0, 0, 123)],
  ["2024-02-29T23:30:00-05:00", Date.UTC(2024, 2, 1, 4, 30)],
  [1_700_000_000_000, 1_700_000_000_000],
])("%s is the time %d", (text, ms) => {
  expect(v.parse(Time, text)).toBe(ms);
});

test.each([
  "2026-02-30T10:00:00Z",
  "2026-11-20T25:00:00Z",
  "2026-11-20",
  "2026-11-20T10:00:00",
  "yesterday",
  "1969-12-31T23:59:59Z",
  -1,
  1.5,
  NaN,
  null,
  true,
])("%s is no time", (value) => {
  expect(v.is(Time, value)).toBe(false);
});

test("a time that was written is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (ms) => {
      expect(parseTime(isoTime(ms))).toBe(ms);
      expect(v.parse(QueryTime, isoTime(ms))).toBe(ms);
    }),
  );
});

test("a number that looks like seconds is told so, also as the digits of a query; of a series that comes along it is a time", () => {
  for (const seconds of [1, 1_795_304_315, 99_999_999_999]) {
    expect(v.safeParse(Time, seconds).issues?.map(({ message }) => message)).toEqual([SECONDS_MESSAGE]);
    expect(v.safeParse(QueryTime, String(seconds)).issues?.map(({ message }) => message)).toEqual([SECONDS_MESSAGE]);
    expect(v.parse(PointTime, seconds)).toBe(seconds);
  }
  for (const ms of [0, 100_000_000_000, 1_795_304_315_000]) expect([v.parse(Time, ms), v.parse(QueryTime, String(ms))]).toEqual([ms, ms]);
  expect(v.parse(Time, "1970-01-02T00:00:00Z")).toBe(86_400_000);
});

test.each([
  [691_200_000, "Expected at most 1d"],
  ["8d", "Expected at most 1d"],
  ["1ms", "Expected at least 1s"],
])("bounds are said as durations: %s", (value, message) => {
  expect(v.safeParse(v.pipe(Duration, atLeast(1_000), atMost(86_400_000)), value).issues?.map((issue) => issue.message)).toEqual([message]);
});

test.each([
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["1d", 86_400_000],
  ["2w", 1_209_600_000],
  ["250ms", 250],
  [1_500, 1_500],
])("%s lasts %d ms", (text, ms) => {
  expect(v.parse(Duration, text)).toBe(ms);
});

test.each(["5", "5 m", "-1s", "1.5h", "401d", "", -1, 0.5])("%s is no duration", (value) => {
  expect(v.is(Duration, value)).toBe(false);
});

test("a duration that was written is read back", () => {
  expect(parseDuration(formatDuration(1_054_973_350_123), Infinity)).toBe(1_054_973_350_123);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      expect(v.parse(Duration, formatDuration(ms))).toBe(ms);
    }),
  );
});
