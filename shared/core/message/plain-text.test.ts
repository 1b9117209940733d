import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { elapsedText, numberText, oneLine, shorten, timeText } from "./plain-text.ts";

test("a line holds nothing that moves a terminal's cursor, breaks the line or turns its direction", () => {
  expect(oneLine("a\u001b[31mb\nc\u2028d\u202ee\u009bf\ud800g")).toBe("a [31mb c d e f\ufffdg");
  expect(oneLine("Größe 🚀 東京")).toBe("Größe 🚀 東京");
});

test.each([
  ["as long as the limit", "abcde", 5, "abcde"],
  ["longer", "abcdef", 5, "abcd…"],
  ["a pair of surrogates at the cut", "abc🚀def", 5, "abc…"],
  ["a pair of surrogates that just fits", "abc🚀", 5, "abc🚀"],
  ["nothing", "", 5, ""],
])("a text %s is shortened by code point", (_name, text, limit, expected) => {
  expect(shorten(text, limit)).toBe(expected);
});

const rewrite = (codePoint: string) => (codePoint === "&" ? "&amp;" : codePoint);

test("a shortened text is within its limit and whole code points of the original, rewritten whole", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("&", "a", "🚀", "é") }), fc.integer({ min: 1, max: 30 }), (text, limit) => {
      const short = shorten(text, limit, rewrite);
      const whole = text.replaceAll("&", "&amp;");
      expect(short.length).toBeLessThanOrEqual(limit);
      if (whole.length <= limit) expect(short).toBe(whole);
      else {
        expect(short.endsWith("…")).toBe(true);
        const beginning = short.slice(0, -1).replaceAll("&amp;", "&");
        expect(beginning.isWellFormed() && text.startsWith(beginning)).toBe(true);
      }
    }),
  );
});

test.each([
  [0, "0 s"],
  [-5_000, "0 s"],
  [45_000, "45 s"],
  [60_000, "1 min"],
  [90_000, "1 min 30 s"],
  [3_900_000, "1 h 5 min"],
  [3_601_000, "1 h"],
  [90_000_000, "1 d 1 h"],
])("%d ms are %s", (ms, expected) => {
  expect(elapsedText(ms)).toBe(expected);
});

test.each([
  [97, "97"],
  [1_234_567, "1234567"],
  [0.1 + 0.2, "0.3"],
  [-12.3456789, "-12.3457"],
])("%d is written %s", (value, expected) => {
  expect(numberText(value)).toBe(expected);
});

test("a time is written to the second, in UTC", () => {
  expect(timeText(Date.UTC(2026, 10, 20, 10, 0, 0, 999))).toBe("2026-11-20 10:00:00 UTC");
});
