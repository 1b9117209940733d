import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OrgId } from "../../contract/ids.ts";
import { decodeChunk, encodeChunk } from "./chunk-codec.ts";
import { batchOf } from "./batch.ts";
import { decodeLog, decodeLogColumns, encodeLog, runsOf } from "./log-codec.ts";
import { seriesId } from "./series-id.ts";

const LATEST = Date.UTC(9999, 11, 31);
const time = fc.integer({ min: 0, max: LATEST });
const value = fc.double({ noNaN: true, noDefaultInfinity: true });
const org = "org_000000000000000000000001" as OrgId;

const decimal = fc
  .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 6 }))
  .map(([integer, decimals]) => integer / 10 ** decimals + 0);
const values = fc.oneof(
  fc.infiniteStream(value),
  fc.infiniteStream(fc.oneof({ weight: 20, arbitrary: decimal }, fc.constantFrom(-0, 2 ** 50, 1e-9, 0.1 + 0.2, 5e-324))),
  fc.infiniteStream(decimal),
  fc.infiniteStream(fc.integer({ min: -(2 ** 48), max: 2 ** 48 })),
);
const times = fc.oneof(
  fc.uniqueArray(time, { maxLength: 60 }),
  fc
    .tuple(time, fc.integer({ min: 1, max: 90_000_000 }), fc.nat(60))
    .map(([first, step, n]) => Array.from({ length: n }, (_, row) => first + row * step)),
);
const bits = (columns: { timestamps: Float64Array; values: Float64Array }) =>
  [columns.timestamps, columns.values].map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength));

test.each([true, false])("a chunk gives back every bit of its points; compressed: %s", (compress) => {
  fc.assert(
    fc.property(times, values, (some, stream) => {
      const timestamps = Float64Array.from(some.toSorted((a, b) => a - b));
      const points = { timestamps, values: Float64Array.from(timestamps, () => stream.next().value!) };
      expect(bits(decodeChunk(encodeChunk(points, { compress })))).toEqual(bits(points));
    }),
    { numRuns: 500 },
  );
});

test("values that are no numbers come back as they are, and so do noise and its neighbours in a large chunk", () => {
  const n = 2_400;
  const timestamps = Float64Array.from({ length: n }, (_, row) => row);
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const columns = [
    Float64Array.from(timestamps, () => random() * 100 + random() / 2 ** 31),
    Float64Array.from(timestamps, (row) => Math.sin(row / 100)),
    Float64Array.from(timestamps, (row) => Math.fround(Math.sin(row / 100))),
    Float64Array.from(timestamps, (row) => [NaN, Infinity, -Infinity, 0.5][row % 4]!),
  ];
  for (const column of columns) {
    const points = { timestamps, values: column };
    expect(bits(decodeChunk(encodeChunk(points, { compress: true })))).toEqual(bits(points));
  }
  // Noise in all its 53 bits has nothing to be left out: the mantissa's 52 bits, and what is left of sign and exponent.
  expect(encodeChunk({ timestamps, values: columns[0]! }, { compress: true }).data.length / n).toBeLessThan(7);
});

test("a chunk of the first encoding is still read", () => {
  const data = Buffer.from("KLUv/SApSQEAAwAAAICgq/75Ys+1qf75YgIAAJwAAHUAAAAAAIgAADwAAOT4ADc/gH4=", "base64");
  const points = {
    timestamps: Float64Array.of(1_700_000_000_000, 1_700_000_015_000, 1_700_000_030_001),
    values: Float64Array.of(1.5, -0, 1e300),
  };
  expect(bits(decodeChunk({ encoding: 1, data }))).toEqual(bits(points));
  expect(() => decodeChunk({ encoding: 9, data })).toThrow("encoding 9");
});

test.each([
  ["a slow signal of whole numbers", (row: number) => Math.round(50 + 20 * Math.sin(row / 200)), 0.2],
  ["a walk in tenths", (row: number) => Math.round(500 + 30 * Math.sin(row / 20) + 7 * Math.sin(row * row)) / 10, 0.9],
  ["a counter", (row: number) => 1_000_000 + 20 * row + Math.round(20 * Math.sin(row * row)), 1],
])("a day of regular minutes of %s takes few bytes a point", (_what, signal, most) => {
  const timestamps = Float64Array.from({ length: 1_440 }, (_, row) => 1_700_000_000_000 + 60_000 * row);
  const points = { timestamps, values: Float64Array.from({ length: 1_440 }, (_, row) => signal(row)) };
  expect(encodeChunk(points, { compress: true }).data.length / 1_440).toBeLessThan(most);
});

test("a log row gives back each series with its points in the order they came", () => {
  const batches = fc.array(fc.tuple(fc.string(), fc.array(fc.tuple(time, value), { maxLength: 5 })), { maxLength: 8 });
  fc.assert(
    fc.property(batches, fc.integer({ min: 0, max: 7 }), (rows, shift) => {
      const batch = rows.map(([name, points]) => ({
        series: seriesId(org, name, "{}"),
        timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
        values: Float64Array.from(points, ([, point]) => point),
      }));
      const encoded = encodeLog(batchOf(batch));
      // A payload that came over the wire starts at any byte.
      const shifted = new Uint8Array(encoded.length + shift).subarray(shift);
      shifted.set(encoded);
      expect(decodeLog(shifted)).toEqual(batch);
    }),
  );
});

test("the runs of some series are found, few or many of them, and nothing else", () => {
  const names = fc.array(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz".split("")), { maxLength: 40 });
  fc.assert(
    fc.property(names, names, (runs, wanted) => {
      const batch = runs.map((name, run) => ({ run, series: seriesId(org, name, "{}") }));
      const points = batch.map(({ series }) => ({ series, timestamps: Float64Array.of(1), values: Float64Array.of(2) }));
      const { ids } = decodeLogColumns(encodeLog(batchOf(points)));
      const only = new Set(wanted.map((name) => seriesId(org, name, "{}")));
      expect(runsOf(ids, only)).toEqual(batch.filter(({ series }) => only.has(series)));
      expect(runsOf(ids)).toEqual(batch);
    }),
  );
});

test("a chunk that was cut off is refused, not read on for ever", () => {
  const timestamps = Float64Array.from({ length: 50 }, (_, row) => 1_700_000_000_000 + row * 61_000 + (row % 7));
  const { encoding, data } = encodeChunk({ timestamps, values: timestamps.map((at) => at % 97) }, { compress: false });
  // Within the times each cut is within a number, or leaves out the next one.
  for (let end = 1; end < 50; end++) {
    expect(() => decodeChunk({ encoding, data: data.subarray(0, end) })).toThrow("The bytes end within a number");
  }
  expect(() => decodeChunk({ encoding, data: Uint8Array.of(0xff) })).toThrow("The bytes end within a number");
});
