import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { layoutOf } from "./layout.ts";
import type { AskedLayout } from "./layout.ts";

const NOON = Date.UTC(2026, 2, 1, 12);
const TIME = "2026-03-01T12:00:00Z";
const layout = (header: string, asked: Partial<AskedLayout> = {}, name: string | null = "cpu.csv") =>
  layoutOf(header, { format: undefined, metric: undefined, dimension: undefined, time: undefined, ...asked }, name);
/** Points as `key{dimensions} value`, and why others are none. */
const partsOf = (header: string, row: string, asked: Partial<AskedLayout> = {}) =>
  layout(header, asked)
    .read(row)
    .map((part) => {
      if ("why" in part) return part.why;
      const { metricKey, timestamp, value, dimensions } = part.metric as Record<string, unknown>;
      expect([timestamp, part.timestamp]).toEqual([NOON, NOON]);
      return `${metricKey as string}${JSON.stringify(dimensions)} ${value as number}`;
    });

describe("a file is read as its first line looks, or as it is said", () => {
  test.each([
    ["timestamp,value", {}, "wide", true],
    ["2026-03-01,1", {}, "wide", false],
    ["1772366400,1", {}, "wide", false],
    ["time,95,99", {}, "wide", true],
    ["timestamp,metric,value", {}, "long", true],
    ["value,host,metricKey,time", {}, "long", true],
    ["timestamp,metric,value", { format: "wide" }, "wide", true],
    ["timestamp,host,value", { format: "long", metric: "cpu" }, "long", true],
    ['{"metricKey": "a"}', {}, "jsonl", false],
    ['  {"metricKey": "a"}', {}, "jsonl", false],
  ] as const)("%s with %j is %s", (header, asked, format, hasHeader) => expect(layout(header, asked)).toMatchObject({ format, hasHeader }));
});

describe("wide", () => {
  test.each([
    ["time,a,b.c", `${TIME},1,-2e3`, {}, ["a{} 1", "b.c{} -2000"]],
    ["when;CPU usage %;5xx", `${TIME};1;2`, {}, ["CPU_usage__{} 1", "_xx{} 2"]],
    ["a\ttime\tb", `1\t${TIME}\t2`, {}, ["a{} 1", "b{} 2"]],
    ["a,time,at", `1,2,${TIME}`, { time: "at" }, ["a{} 1", "time{} 2"]],
    ["time,a,b", `${TIME},,2`, {}, ["b{} 2"]],
    ["time,a,b", `${TIME},x,2`, {}, ['a: Expected a finite number, got "x"', "b{} 2"]],
    ["time,a,b", "yesterday,1,2", {}, ['Expected a time, got "yesterday"']],
    ["time,a", `${TIME},1,5`, {}, ["Expected 2 cells, got 3"]],
    ["time,a", TIME, {}, ["Expected 2 cells, got 1"]],
    ["time,a", `${TIME},"1`, {}, ["Expected its quotes in pairs"]],
    ["time,a", "", {}, []],
    ["time,a", "  ", {}, []],
    ["time,value", `${TIME},1`, {}, ["cpu{} 1"]],
    [TIME.replace("Z", "+00:00") + ",7", `${TIME},1`, {}, ["cpu{} 1"]],
    ["time,a,b", `${TIME},1,2`, { metric: "t", dimension: "room" }, ['t{"room":"a"} 1', 't{"room":"b"} 2']],
    ["time,Küche 1,b", `${TIME},1,2`, { metric: "t" }, ['t{"column":"Küche 1"} 1', 't{"column":"b"} 2']],
    ["time,a", `${TIME},1`, { metric: "t" }, ["t{} 1"]],
    ["time,a", `${TIME},1`, { metric: "t", dimension: "room" }, ['t{"room":"a"} 1']],
  ] as const)("%j, %j with %j", (header, row, asked, expected) => expect(partsOf(header, row, asked)).toEqual(expected));
});

test("a file of the year 1972 comes through a door that takes so small a number for seconds", () => {
  const [part] = layout("time,a").read("1972-03-01T00:00:00Z,1");
  expect(part).toMatchObject({ metric: { timestamp: "1972-03-01T00:00:00.000Z" }, timestamp: Date.UTC(1972, 2, 1) });
});

describe("long", () => {
  test.each([
    ["timestamp,metric,value,host,zone", `${TIME},cpu,1,"a,b",eu`, {}, ['cpu{"host":"a,b","zone":"eu"} 1']],
    ["timestamp,metric,value,host,zone", `${TIME},cpu,1,,eu`, {}, ['cpu{"zone":"eu"} 1']],
    ["timestamp,metric,value", `${TIME},cpu load,1`, {}, ["cpu_load{} 1"]],
    ["timestamp,metric,value", `${TIME},,1`, {}, ["The metric has no name"]],
    ["timestamp,metric,value", `${TIME},cpu,`, {}, ["Expected a finite number, got nothing"]],
    ["timestamp,metric,value", `${TIME},cpu,NaN`, {}, ['Expected a finite number, got "NaN"']],
    ["timestamp,value,host", `${TIME},1,a`, { format: "long", metric: "cpu" }, ['cpu{"host":"a"} 1']],
  ] as const)("%j, %j with %j", (header, row, asked, expected) => expect(partsOf(header, row, asked)).toEqual(expected));

  test("rows of one series have one key, those of others another", () => {
    const { read } = layout("timestamp,metric,value,host,zone");
    const keyOf = (row: string) => (read(`${TIME},${row}`)[0] as { series: string }).series;
    expect(keyOf("a,1,x,y")).toBe(keyOf("a,2,x,y"));
    expect(new Set(["a,1,x,y", "a,1,xy,", "a,1,,xy", "ax,1,,y"].map(keyOf)).size).toBe(4);
  });
});

describe("JSON Lines", () => {
  const { read } = layout("{}");
  test("what comes near a metric is the door's to judge", () => {
    const metric = { metricKey: "a", timestamp: TIME, value: "x", dimensions: { b: 1, c: true }, more: null };
    const text = JSON.stringify(metric);
    expect(read(text)).toEqual([{ metric, series: '["a",[["b","1"],["c","true"]]]', timestamp: NOON, characters: text.length }]);
    expect(read("{}")).toEqual([{ metric: {}, series: "[null,[]]", timestamp: Number.NaN, characters: 2 }]);
    expect(read(" \t")).toEqual([]);
  });

  test.each([
    ["{", "Expected JSON"],
    ["5", "Expected a JSON object"],
    ["[1]", "Expected a JSON object"],
    ["null", "Expected a JSON object"],
    ['{"a": {"b": {}}}', "Expected a metric, got more members than one has"],
    [JSON.stringify({ a: Array.from({ length: 101 }, () => 0) }), "Expected a metric, got more members than one has"],
    [JSON.stringify({ a: "x".repeat(300_000) }), "Expected a metric, got more characters than one has"],
  ])("%s might cost the door the whole batch: it does not get there", (text, why) => expect(read(text)).toEqual([{ why }]));
});

describe("a file that cannot be read says what to do", () => {
  test.each([
    ["2026-03-01,1,2", {}, "names of its columns"],
    ["2026-03-01,1", { format: "long" }, "names of its columns"],
    ["time", {}, "single column"],
    ["time,,b", {}, "column 2 has no name"],
    ["time,a%,a#", {}, 'Two of its columns are one series: "a#"'],
    [`time,${"x".repeat(201)},b`, {}, "over 200 characters"],
    ["time,a", { time: "at" }, 'no column "at"'],
    ["time,a,b", { dimension: "room" }, "--metric"],
    ["timestamp,metric,value", { metric: "a" }, "leave --metric out"],
    ["timestamp,metric,value", { dimension: "a" }, "--dimension is for wide"],
    ["timestamp,host,value", { format: "long" }, "--metric"],
    ["timestamp,metric,number", { format: "long" }, "no column named value"],
    ['time,"a', {}, "quotes"],
    ["[", {}, "JSON Lines"],
    ["{}", { metric: "a" }, "leave --metric out"],
  ] as const)("%j with %j", (header, asked, expected) => expect(() => layout(header, asked)).toThrow(expected));

  test("so does standard input whose values have no name", () => {
    expect(() => layout("time,value", {}, null)).toThrow("--metric");
    expect(layout("time,load", {}, null).format).toBe("wide");
  });
});

test("no row makes it throw, and each is always read the same", () => {
  const layouts = ["time,a,b", "timestamp,metric,value,host", "{}"].map((header) => layout(header));
  const row = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.constantFrom('"', ",", "1", TIME, " ", "a", "{", "}", "[", ":", '"a"')).map((parts) => parts.join("")),
    fc.json(),
  );
  fc.assert(
    fc.property(row, (text) => {
      for (const { read } of layouts) expect(read(text)).toEqual(read(text));
    }),
  );
});
