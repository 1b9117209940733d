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
