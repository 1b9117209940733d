import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { MAX_DIMENSIONS, Selector } from "./series.ts";

const matchers = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `m${i}`, op: "!=", value: "x" }));
const dimensions = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`d${i}`, "x"]));

test.each([
  [MAX_DIMENSIONS, 0],
  [0, MAX_DIMENSIONS],
  [20, 12],
])("a selector of %i matchers and %i dimensions is read as matchers, and can be written back as it was read", (n, m) => {
  const read = v.parse(Selector, { metricKey: "cpu", matchers: matchers(n), dimensions: dimensions(m) });
  expect(read.matchers).toHaveLength(MAX_DIMENSIONS);
  expect(v.parse(Selector, read)).toEqual(read);
});

test("more matchers and dimensions together than may be written back are refused", () => {
  expect(v.is(Selector, { metricKey: "cpu", matchers: matchers(20), dimensions: dimensions(13) })).toBe(false);
});
