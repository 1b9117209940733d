import { expect, test } from "@jest/globals";
import { parseMatcher } from "../../contract/query-matcher.ts";
import type { Matcher } from "../../contract/series.ts";
import { compileMatchers } from "./matchers.ts";

test.each([
  ['region="eu"', { region: "eu" }, true],
  ['region="eu"', { region: "eu-west" }, false],
  ['region!="eu"', {}, true],
  ['region=""', {}, true],
  ['region=~"eu.*"', { region: "eu-west" }, true],
  ['region=~"west"', { region: "eu-west" }, false],
  ['region!~"eu.*"', { region: "us" }, true],
  ['region=~".*"', {}, true],
  ['path="a\\"b\\\\c"', { path: 'a"b\\c' }, true],
])("%s on %j is %s", (text, dimensions, expected) => {
  const compiled = compileMatchers([parseMatcher(text)!]);
  expect(compiled.ok && compiled.value(dimensions)).toBe(expected);
});

test.each(["region", "region=eu", 'region=="eu"', '1a="x"', 'a="x"y', 'a="x'])("%s is no matcher", (text) => {
  expect(parseMatcher(text)).toBeNull();
});

test("a pattern that RE2 refuses is named by its place", () => {
  const compiled = compileMatchers([
    { name: "a", op: "=", value: "x" },
    { name: "b", op: "=~", value: "(" },
  ]);
  expect(compiled).toMatchObject({ ok: false, error: { reason: "bad-pattern", index: 1 } });
});

test("a pattern that stalls backtracking engines is answered at once", () => {
  const compiled = compileMatchers([{ name: "a", op: "=~", value: "(a+)+b" }]);
  expect(compiled.ok && compiled.value({ a: "a".repeat(1_000) })).toBe(false);
});

test.each([
  ["letters", "\\pL{1000}".repeat(100)],
  ["repetitions within others", "(x?.{0,1000}){0,1}".repeat(50)],
  ["what may be empty", "(?:a?){1000}".repeat(80)],
  ["one of much", `(?:${"[^a]".repeat(250)}){1000}`],
])("a pattern whose repetitions would take seconds on one value is refused: %s", (_, value) => {
  expect(compileMatchers([{ name: "a", op: "=~", value }])).toMatchObject({ ok: false, error: { reason: "bad-pattern", index: 0 } });
});

test.each([
  ["a UUID", "[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}", "0b9f3a5e-1c2d-4e5f-8a9b-0123456789ab"],
  ["anything short", ".{0,1000}", "a".repeat(1_000)],
  ["the name of a host", "[a-z0-9.-]{1,253}", "host.example"],
  ["one of many names", Array.from({ length: 80 }, (_, n) => `host-${n}.eu`).join("|"), "host-79.eu"],
  ["the longest text", "a".repeat(1_024), "a".repeat(1_024)],
])("a pattern that people write is none of these: %s", (_, value, a) => {
  const compiled = compileMatchers([{ name: "a", op: "=~", value }]);
  expect(compiled.ok && compiled.value({ a })).toBe(true);
});

test.each(["toString", "constructor", "__proto__"])(
  "a series without a dimension %s has the empty string there, not what every object has",
  (name) => {
    const holds = (op: Matcher["op"], value: string, dimensions = {}) => {
      const compiled = compileMatchers([{ name, op, value }]);
      return compiled.ok && compiled.value(dimensions);
    };
    expect([holds("=", ""), holds("!=", ""), holds("=~", ""), holds("=~", ".+"), holds("!~", ".+")]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  },
);

test("a dimension called toString is matched by its value", () => {
  const compiled = compileMatchers([{ name: "toString", op: "=~", value: "a.*" }]);
  expect(compiled.ok && compiled.value({ toString: "abc" })).toBe(true);
});
