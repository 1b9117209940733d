import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { record } from "./record.ts";
import { RuleDefinition } from "./rule.ts";
import { Dimensions } from "./series.ts";

const Names = record(v.string(), v.pipe(v.string(), v.maxLength(3)));

test("names and values are read by their schemas", () => {
  expect(v.parse(Names, { a: "x", toString: "y" })).toEqual({ a: "x", toString: "y" });
  expect(v.safeParse(Names, { a: "long" }).issues).toMatchObject([{ path: [{ key: "a" }] }]);
  expect(v.safeParse(Names, null).issues).toHaveLength(1);
});

test.each(["__proto__", "constructor", "prototype"])(
  "the name %s is refused with its path, where valibot would leave it out in silence",
  (name) => {
    const value: unknown = JSON.parse(`{"a": "x", "${name}": "y"}`);
    expect(v.parse(v.record(v.string(), v.string()), value)).toEqual({ a: "x" });
    expect(v.safeParse(Names, value)).toMatchObject({
      success: false,
      issues: [{ message: "Expected another name than __proto__, constructor and prototype", path: [{ key: name }] }],
    });
  },
);

test("so no dimension is lost, which would make two series one, and no label", () => {
  expect(v.is(Dimensions, { constructor: "Ferrari" })).toBe(false);
  const rule = { name: "x", kind: "anomaly", selector: { metricKey: "a" }, condition: {} };
  expect(v.is(RuleDefinition, rule)).toBe(true);
  expect(v.is(RuleDefinition, { ...rule, labels: { prototype: "x" } })).toBe(false);
});
