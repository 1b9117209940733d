import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { clockTimeText, timeTicks } from "./time-ticks.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 20, 10);
const texts = (hours: number, timezone: string, most = 5, from = START - HOUR / 3) =>
  timeTicks({ from, to: from + hours * HOUR }, timezone, most).map(({ text }) => text);

test.each<[string, number, string, string[]]>([
  ["seconds", 0.02, "UTC", ["09:40:00\n20 Nov", "09:40:15", "09:40:30", "09:40:45", "09:41:00"]],
  ["minutes", 0.2, "UTC", ["09:40\n20 Nov", "09:45", "09:50"]],
  ["hours, the day where it is a new one", 15, "UTC", ["12:00\n20 Nov", "15:00", "18:00", "21:00", "00:00\n21 Nov"]],
  ["round hours of the zone, not of UTC", 2, "Asia/Kolkata", ["15:30\n20 Nov", "16:00", "16:30", "17:00"]],
  ["days", 24 * 9, "Europe/Berlin", ["21 Nov", "23 Nov", "25 Nov", "27 Nov", "29 Nov"]],
])("a window of %s", (_, hours, timezone, expected) => {
  expect(texts(hours, timezone)).toEqual(expected);
});

test("where the clock is put back, ticks go on forwards", () => {
  const ticks = timeTicks({ from: Date.UTC(2026, 9, 24, 22), to: Date.UTC(2026, 9, 25, 4) }, "Europe/Berlin", 8);
  expect(ticks.map(({ text }) => text)).toEqual(["00:00\n25 Oct", "01:00", "02:00", "03:00", "04:00", "05:00"]);
});

test("there are never more ticks than asked for, all of them within the window and ascending", () => {
  const zones = fc.constantFrom("UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe");
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2e12 }),
      fc.integer({ min: 1_000, max: 4e11 }),
      zones,
      fc.integer({ min: 1, max: 12 }),
      (from, span, zone, most) => {
        const ats = timeTicks({ from, to: from + span }, zone, most).map(({ at }) => at);
        expect(ats.length).toBeLessThanOrEqual(most);
        expect(ats.every((at, place) => at >= from && at <= from + span && (place === 0 || at > ats[place - 1]!))).toBe(true);
      },
    ),
  );
});

describe("a time to the minute, or to the second", () => {
  test.each([
    ["UTC", "20 Nov 2026, 10:00"],
    ["America/New_York", "20 Nov 2026, 05:00"],
  ])("on the clock of %s", (timezone, expected) => {
    expect(clockTimeText(START + 7_000, timezone, "minute")).toBe(expected);
    expect(clockTimeText(START + 7_000, timezone, "second")).toBe(`${expected}:07`);
  });
});
