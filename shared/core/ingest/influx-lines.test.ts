import { describe, expect, test } from "@jest/globals";
import { Point } from "@influxdata/influxdb-client";
import fc from "fast-check";
import { readInfluxLines } from "./influx-lines.ts";

const read = (text: string, precision = "ns") => [...readInfluxLines(text, precision)];
const lines = (text: string, precision?: string) => read(text, precision).flatMap((line) => (line.ok ? [line.value] : []));

describe("a line", () => {
  test.each([
    ["cpu value=1", { measurement: "cpu", tags: [], fields: [["value", 1]], timestamp: null }],
    [
      "cpu,host=a,zone=b user=1.5,idle=2i,n=3u 1700000000001000000",
      {
        measurement: "cpu",
        tags: [
          ["host", "a"],
          ["zone", "b"],
        ],
        fields: [
          ["user", 1.5],
          ["idle", 2],
          ["n", 3],
        ],
        timestamp: 1_700_000_000_001,
      },
    ],
    [
      "m a=t,b=FALSE,c=-1e3,d=.5,e=1.",
      {
        measurement: "m",
        tags: [],
        fields: [
          ["a", 1],
          ["b", 0],
          ["c", -1000],
          ["d", 0.5],
          ["e", 1],
        ],
        timestamp: null,
      },
    ],
    [
      String.raw`my\ cpu\,x,a\=b=c\ d\,e f\ g=1`,
      { measurement: "my cpu,x", tags: [["a=b", "c d,e"]], fields: [["f g", 1]], timestamp: null },
    ],
    [String.raw`m,path=C:\dir v=1`, { measurement: "m", tags: [["path", String.raw`C:\dir`]], fields: [["v", 1]], timestamp: null }],
    [String.raw`m s="a, \"b\" = c",v=1,t="x" 5000000`, { measurement: "m", tags: [], fields: [["v", 1]], timestamp: 5 }],
    ['m s="over\ntwo lines",v=2', { measurement: "m", tags: [], fields: [["v", 2]], timestamp: null }],
    ["  m v=1   \r", { measurement: "m", tags: [], fields: [["v", 1]], timestamp: null }],
    ["m,empty= v=1", { measurement: "m", tags: [["empty", ""]], fields: [["v", 1]], timestamp: null }],
  ])("%s", (line, expected) => {
    expect(read(line)).toEqual([{ ok: true, value: expected }]);
  });

  test.each([
    ["cpu", "field"],
    ["cpu,host=a", "field"],
    [",a=b v=1", "measurement"],
    ["cpu,host v=1", "tag"],
    ["cpu v=", "The field v"],
    ["cpu v=1x", "The field v"],
    ["cpu v=NaN", "The field v"],
    ["cpu v=0x10", "The field v"],
    ['cpu s="no end', "string"],
    ["cpu v=1 soon", "timestamp"],
    ["cpu v=1 1.5", "timestamp"],
  ])("%s is told what is wrong with it", (line, reason) => {
    expect(read(`a v=1\n\n# a comment\n${line}\nb v=2`)).toMatchObject([
      { ok: true },
      { ok: false, error: { number: 4, line, reason: expect.stringContaining(reason) as unknown } },
      { ok: true, value: { measurement: "b" } },
    ]);
  });
});

test.each([
  ["ns", 1_999_999, 1],
  ["us", 1_999, 1],
  ["ms", 7, 7],
  ["s", 7, 7_000],
  ["m", 7, 420_000],
  ["h", 1, 3_600_000],
])("times in %s become milliseconds", (precision, time, ms) => {
  expect(lines(`m v=1 ${time}`, precision)).toMatchObject([{ timestamp: ms }]);
});

test("what Influx's own client writes is read as it was meant", () => {
  const name = fc.string({ unit: fc.constantFrom(...Array.from("ab=, \"'é💥")), minLength: 1, maxLength: 8 });
  // The client writes -0 as 0.
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const point = fc.record({
    measurement: name.filter((text) => !/^\s*#|^\s/.test(text)),
    tags: fc.uniqueArray(fc.tuple(name, name), { selector: ([tag]) => tag, maxLength: 4 }),
    fields: fc.uniqueArray(fc.tuple(name, number), {
      selector: ([field]) => field,
      minLength: 1,
      maxLength: 4,
    }),
    text: fc.string({ unit: fc.constantFrom(...Array.from('ab=, "\\\n')) }),
    time: fc.nat(2 ** 40),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 4 }), (points) => {
      const written = points.map(({ measurement, tags, fields, text, time }) => {
        const line = new Point(measurement).stringField("zz text", text).timestamp(String(time));
        for (const [tag, value] of tags) line.tag(tag, value);
        for (const [field, value] of fields) line.floatField(field, value);
        return line.toLineProtocol()!;
      });
      const sorted = (pairs: readonly (readonly [string, unknown])[]) => Object.fromEntries(pairs);
      expect(lines(written.join("\n"), "ms").map((line) => ({ ...line, tags: sorted(line.tags), fields: sorted(line.fields) }))).toEqual(
        points.map(({ measurement, tags, fields, time }) => ({ measurement, tags: sorted(tags), fields: sorted(fields), timestamp: time })),
      );
    }),
    { numRuns: 500 },
  );
});

test("any text is read to its end", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab=, "\\\n#1it')) }), (text) => {
      for (const line of readInfluxLines(text, "s")) if (!line.ok) expect(text).toContain(line.error.line);
    }),
    { numRuns: 2_000 },
  );
});
