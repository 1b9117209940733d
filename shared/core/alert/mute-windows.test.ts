import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { WEEKDAYS } from "../../contract/alert-policy.ts";
import type { Weekday } from "../../contract/alert-policy.ts";
import { isMuted, mutedUntil } from "./mute-windows.ts";

const window = (start: string, end: string, timezone = "UTC", weekdays: readonly Weekday[] = WEEKDAYS) => {
  return { start, end, timezone, weekdays: [...weekdays] };
};
const at = (text: string) => Date.parse(text);
const NIGHT = window("22:00", "06:00", "Europe/Berlin");
const FRIDAY_NIGHT = window("22:00", "06:00", "UTC", ["friday"]);

describe("whether a window holds", () => {
  test.each([
    ["its start is in it", window("09:00", "10:00"), "2026-11-20T09:00:00Z", true],
    ["right before it starts", window("09:00", "10:00"), "2026-11-20T08:59:59.999Z", false],
    ["right before it ends", window("09:00", "10:00"), "2026-11-20T09:59:59.999Z", true],
    ["its end is not", window("09:00", "10:00"), "2026-11-20T10:00:00Z", false],
    ["before midnight", NIGHT, "2026-11-20T21:30:00Z", true],
    ["after midnight", NIGHT, "2026-11-21T04:59:00Z", true],
    ["in the morning", NIGHT, "2026-11-21T05:00:00Z", false],
    ["the same in summer, an hour earlier", NIGHT, "2026-07-20T20:00:00Z", true],
    ["and it ends an hour earlier", NIGHT, "2026-07-20T04:00:00Z", false],
    ["a whole day", window("00:00", "24:00"), "2026-11-20T23:59:59Z", true],
    ["on its day", FRIDAY_NIGHT, "2026-11-20T23:00:00Z", true],
    ["on the morning after its day", FRIDAY_NIGHT, "2026-11-21T05:00:00Z", true],
    ["on the morning of its day", FRIDAY_NIGHT, "2026-11-20T05:00:00Z", false],
    ["on the night after its day", FRIDAY_NIGHT, "2026-11-21T23:00:00Z", false],
    ["Sunday's night on Monday morning", window("22:00", "06:00", "UTC", ["sunday"]), "2026-11-23T05:00:00Z", true],
    ["a day of the zone, not of UTC", window("00:00", "24:00", "Pacific/Auckland", ["saturday"]), "2026-11-20T12:00:00Z", true],
    ["half an hour beside", window("09:00", "10:00", "Asia/Kolkata"), "2026-11-20T03:30:00Z", true],
    // Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
    ["the hour that spring skips is not there", window("02:00", "03:00", "Europe/Berlin"), "2026-03-29T01:00:00Z", false],
    ["a window over that hour ends with it", window("01:30", "02:30", "Europe/Berlin"), "2026-03-29T01:00:00Z", false],
    ["the hour that autumn repeats, first", window("02:00", "02:30", "Europe/Berlin"), "2026-10-25T00:15:00Z", true],
    ["between", window("02:00", "02:30", "Europe/Berlin"), "2026-10-25T00:45:00Z", false],
    ["and again", window("02:00", "02:30", "Europe/Berlin"), "2026-10-25T01:15:00Z", true],
  ])("%s", (_what, times, now, expected) => {
    expect(isMuted(times, at(now))).toBe(expected);
  });
});

describe("when it ends", () => {
  test.each([
    ["on the same day", window("09:00", "10:00"), "2026-11-20T09:10:20Z", "2026-11-20T10:00:00Z"],
    ["after midnight", NIGHT, "2026-11-20T21:30:00Z", "2026-11-21T05:00:00Z"],
    ["an hour sooner in the night of spring", NIGHT, "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"],
    ["an hour later in the night of autumn", NIGHT, "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"],
    ["where the clock jumps over its end", window("01:30", "02:30", "Europe/Berlin"), "2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z"],
    ["looked at again, where the next one follows at once", window("00:00", "24:00"), "2026-11-20T00:00:00Z", "2026-11-21T02:00:00Z"],
  ])("%s", (_what, times, now, expected) => {
    expect(new Date(mutedUntil(times, at(now))!).toISOString()).toBe(new Date(expected).toISOString());
  });

  test("not at all outside of it", () => {
    expect(mutedUntil(NIGHT, at("2026-11-20T12:00:00Z"))).toBeNull();
  });

  test("it holds up to its end and not at it, wherever and whenever", () => {
    const time = fc.nat({ max: 1439 }).map((n) => `${String(Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`);
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu");
    const days = fc.subarray([...WEEKDAYS], { minLength: 1 });
    const when = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z") });
    fc.assert(
      fc.property(time, time, zone, days, when, (start, end, timezone, weekdays, now) => {
        fc.pre(start !== end);
        const times = window(start, end, timezone, weekdays);
        const until = mutedUntil(times, now);
        expect(until !== null).toBe(isMuted(times, now));
        if (until === null) return;
        expect(until).toBeGreaterThan(now);
        expect(isMuted(times, until - 1)).toBe(true);
        if (until - now < 25 * 3_600_000) expect(isMuted(times, until)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
