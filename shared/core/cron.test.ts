import { expect, test } from "@jest/globals";
import { nextRun } from "./cron.ts";

const upcoming = (schedule: string, timezone: string, after: string, count: number): string[] => {
  const times: string[] = [];
  for (let at = Date.parse(after); times.length < count; at = Date.parse(times.at(-1)!)) {
    const next = nextRun(schedule, timezone, at);
    if (!next.ok) throw new Error(next.error);
    times.push(new Date(next.value).toISOString().slice(0, 16));
  }
  return times;
};

test.each([
  ["hourly", "UTC", "2026-11-20T10:00:00Z", ["2026-11-20T11:00", "2026-11-20T12:00"]],
  ["hourly", "Asia/Kolkata", "2026-11-20T10:00:00Z", ["2026-11-20T10:30", "2026-11-20T11:30"]],
  ["daily", "UTC", "2026-11-20T00:00:00Z", ["2026-11-21T00:00", "2026-11-22T00:00"]],
  ["0 6 * * 1-5", "America/New_York", "2026-11-20T12:00:00Z", ["2026-11-23T11:00", "2026-11-24T11:00"]],
  ["*/20 * * * *", "UTC", "2026-11-20T10:19:59Z", ["2026-11-20T10:20", "2026-11-20T10:40"]],
  ["0 0 29 2 *", "UTC", "2026-11-20T10:00:00Z", ["2028-02-29T00:00"]],
])("%s in %s after %s", (schedule, timezone, after, times) => {
  expect(upcoming(schedule, timezone, after, times.length)).toEqual(times);
});

test("a day has its midnight where the clock says so, an hour more or less away in spring and autumn", () => {
  expect(upcoming("daily", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-28T23:00", "2026-03-29T22:00"]);
  expect(upcoming("daily", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-24T22:00", "2026-10-25T23:00"]);
});

test("a time that spring leaves out comes up right after, one that autumn has twice once", () => {
  expect(upcoming("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
  expect(upcoming("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
});

test("hourly comes up in each of the two hours that autumn makes of one", () => {
  expect(upcoming("hourly", "Europe/Berlin", "2026-10-24T23:30:00Z", 3)).toEqual(["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]);
});

test.each([
  ["", "five fields"],
  ["weekly", "five fields"],
  ["@daily", "five fields"],
  ["0 0 * * * *", "five fields"],
  ["toString", "five fields"],
  ["61 * * * *", "Invalid value for minute"],
  ["a b c d e", "illegal characters"],
  ["*/0 * * * *", "illegal stepping"],
  ["0 0 30 2 *", "comes up"],
])("%j is refused, and it says why", (schedule, why) => {
  expect(nextRun(schedule, "UTC", 0)).toEqual({ ok: false, error: expect.stringContaining(why) });
});
