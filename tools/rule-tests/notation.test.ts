import { describe, expect, test } from "@jest/globals";
import { expandValues, parseSeriesName, parseTestDuration } from "./notation.ts";

describe("values", () => {
  // The examples of Prometheus' documentation, "Unit testing for rules", and those of its tests.
  test.each<[string, readonly (number | null)[]]>([
    ["-2+4x3", [-2, 2, 6, 10]],
    ["1-2x4", [1, -1, -3, -5, -7]],
    ["1x4", [1, 1, 1, 1, 1]],
    ["1 _x3 stale", [1, null, null, null, null]],
    ["0 _ 2", [0, null, 2]],
    ["75 85 70 70 10x5", [75, 85, 70, 70, 10, 10, 10, 10, 10, 10]],
    ["1.5e2+0.5x1 -Inf", [150, 150.5, -Infinity]],
    ["NaN", [NaN]],
    ["", []],
  ])("%j are %j", (text, expected) => {
    expect(expandValues(text)).toEqual(expected);
  });

  test.each(["a", "1+x3", "1x", "__"])("%j are refused", (text) => {
    expect(() => expandValues(text)).toThrow(`"${text}" is no value`);
  });

  test("more than a million are refused", () => {
    expect(() => expandValues("0x2000000")).toThrow("at most 1000000 values");
  });
});

describe("a series", () => {
  test.each([
    ["up", "up", {}],
    ["up{}", "up", {}],
    ['up{job="api",instance="a:80"}', "up", { job: "api", instance: "a:80" }],
    ['net.bytes/in{ host = "a\\"b, c" , }', "net.bytes/in", { host: 'a"b, c' }],
  ])("%s is read", (text, metricKey, dimensions) => {
    expect(parseSeriesName(text)).toEqual({ metricKey, dimensions });
  });

  test.each(["", "1up", 'up{job="api"', "up{job=api}", 'up{job="a" host="b"}'])("%j is refused", (text) => {
    expect(() => parseSeriesName(text)).toThrow("is no series");
  });
});

test.each([
  ["0", 0],
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["2m59s999ms", 179_999],
  ["5", null],
  ["m", null],
])("%j is %p milliseconds", (text, ms) => {
  expect(parseTestDuration(text)).toBe(ms);
});
