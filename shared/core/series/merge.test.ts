import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { mergePoints, within } from "./merge.ts";

const source = fc.record({
  seq: fc.integer({ min: 1, max: 5 }),
  rows: fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000 })), { maxLength: 20 }),
});

const columns = (rows: readonly (readonly [number, number])[]) => ({
  timestamps: Float64Array.from(rows, ([timestamp]) => timestamp),
  values: Float64Array.from(rows, ([, value]) => value),
});

test("merging gives what writing the sources into a map in their order gives", () => {
  fc.assert(
    fc.property(fc.uniqueArray(source, { selector: ({ seq }) => seq }), (sources) => {
      const model = new Map<number, number>();
      for (const { rows } of sources.toSorted((a, b) => a.seq - b.seq)) for (const [timestamp, value] of rows) model.set(timestamp, value);
      const merged = mergePoints(sources.map(({ seq, rows }) => ({ seq, ...columns(rows) })));
      expect([...merged.timestamps].map((timestamp, row) => [timestamp, merged.values[row]])).toEqual(
        [...model].toSorted(([a], [b]) => a - b),
      );
    }),
  );
});

test("a window takes in its start and leaves out its end", () => {
  const points = columns([
    [10, 1],
    [20, 2],
    [30, 3],
  ]);
  expect([...within(points, 10, 30).values]).toEqual([1, 2]);
  expect([...within(points, 11, 20).values]).toEqual([]);
  expect([...within(points, 0, 99).values]).toEqual([1, 2, 3]);
});
