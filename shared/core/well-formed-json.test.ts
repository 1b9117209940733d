import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { wellFormedJson } from "./well-formed-json.ts";

test.each([
  ['"\\ud83d"', '"\ufffd"'],
  ['"\\uD83D x"', '"\ufffd x"'],
  ['"\\ude00\\ud83d"', '"\ufffd\ufffd"'],
  ['"\\ud83d\\ud83d\\ude00"', '"\ufffd\\ud83d\\ude00"'],
  ['"\\\\ud83d"', '"\\\\ud83d"'],
  ['"\\\\\\ud83d"', '"\\\\\ufffd"'],
  ['"\\\\ud83d\\ude00"', '"\\\\ud83d\ufffd"'],
  ['"😀 \\ud83d\\ude00 \\u00e9 \\n"', '"😀 \\ud83d\\ude00 \\u00e9 \\n"'],
])("%s becomes %s", (json, expected) => {
  expect(wellFormedJson(json)).toBe(expected);
});

test("what is read of it is what was written, with every half of a character replaced", () => {
  const wellFormed = (value: unknown): unknown =>
    typeof value === "string"
      ? value.toWellFormed()
      : Array.isArray(value)
        ? value.map(wellFormed)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), wellFormed(member)]))
          : value;
  fc.assert(
    fc.property(
      fc.jsonValue({
        stringUnit: fc.oneof(fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom("\ud83d", "\ude00", "\\", "u")) as never,
      }),
      (value) => {
        expect(JSON.parse(wellFormedJson(JSON.stringify(value)))).toEqual(wellFormed(JSON.parse(JSON.stringify(value))));
      },
    ),
    { numRuns: 2_000, examples: [[{ "\ud83d": false, "\ude00": 0 }]] },
  );
});
