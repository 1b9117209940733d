import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseTimestamp } from "./cells.ts";

const NOON = Date.UTC(2026, 2, 1, 12);

describe("times", () => {
  test.each([
    ["2026-03-01T12:00:00Z", NOON],
    ["2026-03-01T14:00:00.250+02:00", NOON + 250],
    ["2026-03-01 12:00:00", NOON],
    ["2026-03-01 12:00", NOON],
    ["2026-03-01T12:00:00.5", NOON + 500],
    ["2026-03-01 14:00:00+02:00", NOON],
    ["2026-03-01", NOON - 43_200_000],
    [String(NOON / 1_000), NOON],
    [String(NOON), NOON],
    ["1772366400.25", NOON + 250],
  ])("%s is read", (text, expected) => expect(parseTimestamp(text)).toBe(expected));

  test.each(["", "noon", "2026-02-30 12:00:00", "2026-03-01 25:00:00", "01.03.2026", "-5", "1e9", "99999999999999999"])(
    "%s is none",
    (text) => expect(parseTimestamp(text)).toBeNull(),
  );

  test("every time of the calendar is read as it is written, without a zone as UTC", () => {
    const ms = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(ms, (at) => {
        const iso = new Date(at).toISOString();
        expect([parseTimestamp(iso), parseTimestamp(iso.replace("T", " ").slice(0, -1))]).toEqual([at, at]);
      }),
    );
  });
});
