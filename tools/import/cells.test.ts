import { expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { delimiterOf, splitCells } from "./cells.ts";

test.each([
  ["", [""]],
  ["a,b", ["a", "b"]],
  [" a , b,", ["a", "b", ""]],
  ['"a,b",c', ["a,b", "c"]],
  ['"say ""hi""" ,"" , "x"', ['say "hi"', "", "x"]],
  ['5" disk,a', ['5" disk', "a"]],
  ['"a', null],
  ['"a"b,c', null],
  ['a,"b', null],
])("%j is %j", (line, expected) => expect(splitCells(line, ",")).toEqual(expected));

test("whatever a CSV can hold in a line is read as csv-parse reads it", () => {
  const text = fc.string({ unit: fc.constantFrom("a", " ", ",", ";", '"', "é", "😀"), maxLength: 6 });
  const cell = fc.tuple(text, fc.boolean()).map(([written, quoted]) => {
    const trimmed = written.trim();
    return quoted || /[",;]/.test(trimmed) ? `"${trimmed.replaceAll('"', '""')}"` : written;
  });
  const line = fc.tuple(fc.array(cell, { minLength: 1, maxLength: 6 }), fc.constantFrom(",", ";", "\t"));
  fc.assert(
    fc.property(line, ([cells, delimiter]) => {
      const written = cells.join(delimiter);
      fc.pre(written.trim() !== "");
      const [expected] = parse(written, { delimiter, trim: true });
      expect(splitCells(written, delimiter)).toEqual(expected);
    }),
  );
});

test.each([
  ["time,value", ","],
  ["time;a,b;c", ";"],
  ["time\tvalue", "\t"],
  ["time", ","],
])("the delimiter of %j is %j", (line, expected) => expect(delimiterOf(line)).toBe(expected));
