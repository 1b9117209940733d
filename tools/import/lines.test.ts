import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MAX_LINE_BYTES, readLines } from "./lines.ts";
import type { Line } from "./lines.ts";

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b);
  for (const [index, from] of at.entries()) if (index + 1 < at.length) yield bytes.subarray(from, at[index + 1]);
}

async function linesIn(bytes: Uint8Array, cuts: readonly number[] = [], start = { offset: 0, line: 1 }): Promise<Line[]> {
  const found: Line[] = [];
  for await (const block of readLines(inPieces(bytes, cuts), start)) found.push(...block);
  return found;
}
const textsIn = async (text: string) => (await linesIn(Buffer.from(text))).map((line) => line.text);

describe("lines", () => {
  test.each([
    ["", []],
    ["a", ["a"]],
    ["a\nb\n", ["a", "b"]],
    ["a\r\n\r\nb", ["a", "", "b"]],
    ["\ufeffa\n\ufeffb", ["a", "\ufeffb"]],
    ["\n\n", ["", ""]],
  ])("%j is %j", async (text, expected) => expect(await textsIn(text)).toEqual(expected));

  test("are the same however the bytes come in, and from the beginning of any of them on", async () => {
    const piece = fc.constantFrom("\n", "\r\n", "a", "1,2", "ä", "€😀", "\ufeff", '"', "\r");
    const bytes = fc.oneof(
      fc.array(piece).map((parts) => Buffer.from(parts.join(""))),
      fc.uint8Array().map((raw) => Buffer.from([0x61, ...raw])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat()), fc.nat(), async (file, cuts, from) => {
        const whole = await linesIn(file);
        expect(await linesIn(file, cuts)).toEqual(whole);
        expect(whole.map(({ from: start, to }) => file.subarray(start, to).toString("latin1")).join("")).toBe(file.toString("latin1"));
        expect(whole.map(({ number }) => number)).toEqual(whole.map((_, index) => index + 1));
        const line = whole[from % Math.max(1, whole.length)];
        if (line === undefined) return;
        const rest = await linesIn(file.subarray(line.from), cuts, { offset: line.from, line: line.number });
        expect(rest).toEqual(whole.slice(line.number - 1));
      }),
    );
  });
});

describe("what is no line of text", () => {
  test("is named, and costs no other line", async () => {
    const lines = await linesIn(Buffer.concat([Buffer.from("a\n"), Buffer.of(0x66, 0xfc, 0x0a), Buffer.from("ü\n")]));
    expect(lines.map(({ text, flaw }) => [text, flaw])).toEqual([
      ["a", null],
      ["", "Expected UTF-8"],
      ["ü", null],
    ]);
  });

  test("is one that is too long, wherever it is cut", async () => {
    const bytes = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(MAX_LINE_BYTES + 1, "x"), Buffer.from("\nb\n")]);
    const expected = [
      ["a", null, 2],
      ["", `Expected at most ${MAX_LINE_BYTES} bytes in a line`, MAX_LINE_BYTES + 4],
      ["b", null, MAX_LINE_BYTES + 6],
    ];
    for (const cuts of [[], [3, 9], [MAX_LINE_BYTES + 3], [MAX_LINE_BYTES + 4], [1_000, MAX_LINE_BYTES + 5], [MAX_LINE_BYTES + 2]]) {
      const lines = await linesIn(bytes, cuts);
      expect(lines.map(({ text, flaw, to }) => [text, flaw, to])).toEqual(expected);
    }
    expect((await linesIn(Buffer.alloc(MAX_LINE_BYTES, "x"))).map(({ flaw }) => flaw)).toEqual([null]);
    expect((await linesIn(Buffer.alloc(MAX_LINE_BYTES + 1, "x"))).map(({ text }) => text)).toEqual([""]);
  });

  test("is UTF-16, which is refused", async () => {
    await expect(linesIn(Buffer.from("\ufeffa,b\n", "utf16le"))).rejects.toThrow("UTF-16");
  });
});
