import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseCsv } from "./csv.ts";

const NOON = Date.UTC(2026, 2, 1, 12);
const read = (text: string) => {
  const { timestamps, values, bad } = parseCsv(text);
  return { rows: Array.from(timestamps, (timestamp, row) => [timestamp - NOON, values[row]]), bad };
};

describe("columns", () => {
  const rows = [
    [0, 1.5],
    [60_000, -2],
  ];
  test.each([
    ["without a header", "2026-03-01 12:00:00,1.5\n2026-03-01 12:01:00,-2\n"],
    ["with a header", "timestamp,value\n2026-03-01 12:00:00,1.5\n2026-03-01 12:01:00,-2"],
    ["with a header that names others", "when,how much\n2026-03-01 12:00:00,1.5\n2026-03-01 12:01:00,-2"],
    ["wherever the header has them", "host,Value,unit,Time\na,1.5,%,2026-03-01 12:00:00\nb,-2,%,2026-03-01 12:01:00"],
    [
      "quoted, with a mark of byte order, the line ends of Windows and empty lines",
      '\ufeff"ds","y"\r\n"2026-03-01 12:00:00","1.5"\r\n\r\n"2026-03-01 12:01:00", -2 \r\n',
    ],
    ["with more columns than asked for", "2026-03-01 12:00:00,1.5,ok\n2026-03-01 12:01:00,-2"],
  ])("%s", (_, text) => expect(read(text)).toEqual({ rows, bad: [] }));
});

describe("bad rows are named by their line, and cost no other row", () => {
  test.each([
    ["2026-03-01 12:01:00,n/a", 'Expected a finite number, got "n/a"'],
    ["2026-03-01 12:01:00,", "Expected a finite number, got nothing"],
    ["2026-03-01 12:01:00", "Expected a finite number, got nothing"],
    ["2026-03-01 12:01:00,1e999", 'Expected a finite number, got "1e999"'],
    ["2026-03-01 12:01:00,0x10", 'Expected a finite number, got "0x10"'],
    ["yesterday,5", 'Expected a time, got "yesterday"'],
    ['"2026-03-01 12:01:00,5', String.raw`Expected a time, got "\"2026-03-01 12:01:00"`],
    [`${"x".repeat(41)},5`, `Expected a time, got "${"x".repeat(40)}..."`],
  ])("%s", (line, why) => {
    const { rows, bad } = read(`timestamp,value\n2026-03-01 12:00:00,1\n\n${line}\n2026-03-01 12:02:00,3\n`);
    expect({ rows, bad }).toEqual({
      rows: [
        [0, 1],
        [120_000, 3],
      ],
      bad: [{ line: 4, why }],
    });
  });

  test("no text makes it throw", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => expect(parseCsv(text).bad.length).toBeGreaterThanOrEqual(0)));
    fc.assert(
      fc.property(fc.array(fc.constantFrom('"', ",", "\n", "\r", "1", "2026-03-01", " ", "a")), (parts) => {
        expect(parseCsv(parts.join("")).bad.length).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
