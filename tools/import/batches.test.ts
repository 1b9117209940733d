import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { planBatches } from "./batches.ts";
import type { Batch, Position } from "./batches.ts";
import { readLines } from "./lines.ts";
import type { RowPart } from "./layout.ts";

/** A row is the numbers of its points and of its parts that are none. */
function read(text: string): readonly RowPart[] {
  const [points, bad] = text.split(",").map(Number);
  return [
    ...Array.from({ length: points! }, (_, n) => ({ metric: n, series: "s", timestamp: n, characters: 100 })),
    ...Array.from({ length: bad ?? 0 }, () => ({ why: "bad" })),
  ];
}
const BEGINNING: Position = { offset: 0, line: 1, taken: 0 };

async function planned(file: Buffer, from: Position, pieceBytes = 7): Promise<Batch[]> {
  const chunks = async function* () {
    for (let at = from.offset; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
  };
  const batches: Batch[] = [];
  for await (const batch of planBatches(readLines(chunks(), from), read, from)) batches.push(batch);
  return batches;
}
/** Every point as the line and the number in it that it has. */
const pointsOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ points, lines }) => points.map(({ metric }, index) => `${lines[index]}:${metric as number}`));
const unreadableOf = (batches: readonly Batch[]) => batches.reduce((sum, { unreadable }) => sum + unreadable, 0);

const row = fc.oneof(
  fc.constant(""),
  fc.integer({ min: 0, max: 3 }).map(String),
  fc.tuple(fc.integer({ min: 0, max: 2_500 }), fc.nat(3)).map(([points, bad]) => `${points},${bad}`),
  fc.constantFrom("999", "1000", "1001", "0,60000"),
);
const file = fc
  .tuple(fc.array(row, { maxLength: 12 }), fc.boolean())
  .map(([rows, ends]) => Buffer.from(rows.join("\n") + (ends ? "\n" : "")));

test("cut after any batch, and anywhere again after that, what was done and what is still to do are together exactly the file", async () => {
  await fc.assert(
    fc.asyncProperty(file, fc.array(fc.nat(), { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), async (bytes, cuts, pieceBytes) => {
      const rows = bytes.toString().split("\n").map(read);
      const expected = rows.flatMap((parts, index) =>
        parts.flatMap((part) => ("why" in part ? [] : [`${index + 1}:${part.metric as number}`])),
      );
      const whole = await planned(bytes, BEGINNING);
      expect(pointsOf(whole)).toEqual(expected);
      expect(unreadableOf(whole)).toBe(rows.flat().length - expected.length);

      const done: Batch[] = [];
      for (const cut of cuts) {
        const rest = await planned(bytes, done.at(-1)?.to ?? BEGINNING, pieceBytes);
        // The same batches, so that one that was sent before it was cut is known by its key.
        expect(rest).toEqual(whole.slice(done.length));
        done.push(...rest.slice(0, cut % (rest.length + 1)));
      }
      done.push(...(await planned(bytes, done.at(-1)?.to ?? BEGINNING, pieceBytes)));
      expect(pointsOf(done)).toEqual(expected);
      expect(unreadableOf(done)).toBe(rows.flat().length - expected.length);
    }),
  );
});

test("a batch has at most 1,000 points, wherever in a row that is, and none is empty of everything", async () => {
  await fc.assert(
    fc.asyncProperty(file, async (bytes) => {
      const batches = await planned(bytes, BEGINNING);
      for (const [index, { from, to, points }] of batches.entries()) {
        expect(points.length).toBeLessThanOrEqual(1_000);
        expect(from).toEqual(batches[index - 1]?.to ?? BEGINNING);
        expect(to).not.toEqual(from);
      }
      expect(batches.at(-1)?.to.offset ?? 0).toBe(bytes.length);
    }),
  );
});

test("a batch ends early rather than grow over what the door takes, or go on for ever without a point", async () => {
  const long = async function* () {
    yield Array.from({ length: 10 }, (_, n) => ({ text: "x", flaw: null, number: n + 1, from: n, to: n + 1 }));
  };
  const heavy = () => [{ metric: 0, series: "s", timestamp: 0, characters: 2 ** 20 }];
  const sizes: number[] = [];
  for await (const { points } of planBatches(long(), heavy, BEGINNING)) sizes.push(points.length);
  expect(sizes).toEqual([4, 4, 2]);

  const blank = await planned(Buffer.from("\n".repeat(120_000)), BEGINNING, 50_000);
  expect(blank.map(({ to }) => to.line)).toEqual([50_001, 100_001, 120_001]);
});

test("of what is no point the first ten are told by their lines", async () => {
  const [batch] = await planned(Buffer.from("1\n0,8\n0,8\n"), BEGINNING);
  expect(batch!.unreadable).toBe(16);
  expect(batch!.bad.map(({ line }) => line)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 3, 3]);
});
