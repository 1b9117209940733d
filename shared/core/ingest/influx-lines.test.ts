import { describe, expect, test } from "@jest/globals";
import { Point } from "@influxdata/influxdb-client";
import fc from "fast-check";
import { escape } from "influx";
import { MAX_LINE_LENGTH, readInfluxBody, readInfluxKey, readInfluxLines } from "./influx-lines.ts";

/** Whole lines, their keys taken apart; of a bad one its number, its text and why. */
const read = (text: string, precision = "ns") =>
  [...readInfluxLines(text, precision)].map((line) => {
    if (!line.ok) return line;
    const { number, text: own, fields, timestamp } = line.value;
    const key = readInfluxKey(line.value.key);
    return key.ok
      ? { ok: true as const, value: { ...key.value, fields, timestamp } }
      : { ok: false as const, error: { number, text: own, reason: key.error } };
  });
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
    ["m  v=1\t7000000 \r", { measurement: "m", tags: [], fields: [["v", 1]], timestamp: 7 }],
    // A backslash before anything else is one, and two before a comma are one and a comma.
    [
      String.raw`a\=b\\,c,t=x\\,y\z v\=w=1`,
      { measurement: String.raw`a\=b\,c`, tags: [["t", String.raw`x\,y\z`]], fields: [["v=w", 1]], timestamp: null },
    ],
    // Quotes are characters like any other in a name or a tag.
    ['m"x,t="a v"w=1', { measurement: 'm"x', tags: [["t", '"a']], fields: [['v"w', 1]], timestamp: null }],
    ["m v=1 -1", { measurement: "m", tags: [], fields: [["v", 1]], timestamp: -1 }],
    ["m v=9223372036854775807i", { measurement: "m", tags: [], fields: [["v", 2 ** 63]], timestamp: null }],
    ["m,empty= v=1", { measurement: "m", tags: [["empty", ""]], fields: [["v", 1]], timestamp: null }],
  ])("%s", (line, expected) => {
    expect(read(line)).toEqual([{ ok: true, value: expected }]);
  });

  test.each([
    ["cpu", "field is missing"],
    ["cpu,host=a", "field is missing"],
    ["cpu v=1,", "field is missing"],
    ["cpu v", 'The field "v" has no value'],
    ["cpu =1", "has no name"],
    ["cpu,=a v=1", "tag has no name"],
    ["cpu, v=1", "tag has no name"],
    ["cpu,host=a=b v=1", "not escaped"],
    ['cpu s="a"b', "follows the string"],
    ["cpu v=1 5 6", "follows the timestamp"],
    ["cpu v=1iu", "The field"],
    ["cpu v=-1u", "The field"],
    ["cpu v=1 12345678901234567890", "timestamp"],
    [",a=b v=1", "measurement"],
    ["cpu,host v=1", "tag"],
    ["cpu v=", "The field"],
    ["cpu v=1x", "The field"],
    ["cpu v=0x10", "The field"],
    ["cpu v=__proto__", "The field"],
    ['cpu s="no end', "string"],
    ["cpu v=1 soon", "timestamp"],
    ["cpu v=1 1.5", "timestamp"],
  ])("%s is told what is wrong with it", (line, reason) => {
    expect(read(`a v=1\n\n# a comment\n${line}\nb v=2`)).toMatchObject([
      { ok: true },
      { ok: false, error: { number: 4, text: line, reason: expect.stringContaining(reason) as unknown } },
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
  ["u", -1, -1],
  ["n", -1, -1],
  ["n", 999_999, 0],
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

test("what InfluxDB 1's client escapes is read as it was meant", () => {
  const name = fc.string({ unit: fc.constantFrom(...Array.from("ab=, \"'é💥")), minLength: 1, maxLength: 8 });
  const starts = name.filter((text) => !/^[ #]/.test(text));
  fc.assert(
    fc.property(starts, name, name, name, (measurement, tag, value, field) => {
      const line = `${escape.measurement(measurement)},${escape.tag(tag)}=${escape.tag(value)} ${escape.tag(field)}=1`;
      expect(lines(line)).toEqual([{ measurement, tags: [[tag, value]], fields: [[field, 1]], timestamp: null }]);
    }),
  );
});

test("NaN and infinities are numbers, which are judged each for itself", () => {
  expect(lines("m a=NaN,b=+Inf,c=-infinity,d=1e999,e=1")[0]!.fields.map(([, value]) => value)).toEqual([
    Number.NaN,
    Infinity,
    -Infinity,
    Infinity,
    1,
  ]);
});

test.each([
  ["what follows the string is wrong", 'm s="\nforged v=1\n",v=x\nb v=2'],
  ["what is before it is wrong", 'm v,s="\nforged v=1\n"\nb v=2'],
  ["it is too long", `m s="\nforged v=1\n${" ".repeat(MAX_LINE_LENGTH)}"\nb v=2`],
])("what a string holds is never read as a line, also where %s", (_what, text) => {
  expect(read(text)).toMatchObject([{ ok: false }, { ok: true, value: { measurement: "b" } }]);
  expect([...readInfluxLines(text, "ns")].at(-1)).toMatchObject({ value: { number: 4 } });
});

test("a line that is too long is a bad one, and the next is read", () => {
  const longest = `m v=1,s="${"x".repeat(MAX_LINE_LENGTH - 'm v=1,s=""'.length)}"`;
  const fields = `m ${"v=1,".repeat(MAX_LINE_LENGTH)}v=1`;
  expect(read(`${longest}\n${longest} \n${longest} 1\n${fields}\nb v=2`).map(({ ok }) => ok)).toEqual([true, true, false, false, true]);
});

test("of bytes that are not UTF-8 their line alone is bad", () => {
  const body = Buffer.concat([Buffer.from("a v=1\nb,t=x"), Buffer.from([0xff]), Buffer.from(" v=2\nc,t=é v=3")]);
  expect([...readInfluxBody(body, "ns")]).toMatchObject([
    { ok: true },
    { ok: false, error: { number: 2, reason: expect.stringContaining("UTF-8") as unknown } },
    { ok: true, value: { number: 3 } },
  ]);
  expect([...readInfluxBody(Buffer.from("m,t=\ufffd v=1"), "ns")]).toMatchObject([{ ok: true }]);
});

test("any text is read to its end, each line once", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab=, "\\\n\r\t#1it')), maxLength: 60 }), (text) => {
      const physical = text.split("\n");
      let next = 1;
      for (const line of readInfluxLines(text, "s")) {
        const { number, text: own } = line.ok ? line.value : line.error;
        expect(number).toBeGreaterThanOrEqual(next);
        const rest = physical.slice(number - 1).join("\n");
        expect(rest.replace(/^[ \t\r]*/, "").startsWith(own)).toBe(true);
        for (const passed of physical.slice(next - 1, number - 1)) expect(passed.trim()).toMatch(/^(#.*)?$/s);
        next = number + own.split("\n").length;
      }
      for (const passed of physical.slice(next - 1)) expect(passed.trim()).toMatch(/^(#.*)?$/s);
    }),
    { numRuns: 5_000 },
  );
});
