import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { bucketPoints } from "./bucket.ts";
import { asDecimals } from "./decimals.ts";
import { decodeRollup, encodeRollup, HOUR_MS } from "./rollup.ts";

const values = fc.oneof(
  fc.array(
    fc.integer({ min: -1_000, max: 1_000 }).map((integer) => integer / 100 + 0),
    { minLength: 1, maxLength: 200 },
  ),
  fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), { minLength: 1, maxLength: 200 }),
  fc.array(fc.integer({ min: -(2 ** 48), max: 2 ** 48 }), { minLength: 1, maxLength: 200 }),
);

test("a rollup has of each hour what its points come to", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 1, max: 5_000_000 }), (list, start, step) => {
      const points = { timestamps: Float64Array.from(list, (_, row) => start + row * step), values: Float64Array.from(list) };
      const encoded = encodeRollup(points.timestamps, points.values, asDecimals(points.values), { whatever: true })!;
      const { starts, counts, sums, mins, maxs, lasts } = decodeRollup(encoded);
      const { timestamps, aggregates } = bucketPoints(points, HOUR_MS, ["count", "min", "max", "last", "sum"]);
      const bits = (column: Iterable<number>) => Buffer.from(Float64Array.from(column).buffer);
      expect([...starts]).toEqual(timestamps);
      expect([...counts]).toEqual(aggregates["count"]);
      for (const [name, column] of Object.entries({ min: mins, max: maxs, last: lasts }))
        expect(bits(column)).toEqual(bits(aggregates[name]!));
      const magnitude = list.reduce((sum, value) => sum + Math.abs(value), 0);
      for (const [row, sum] of sums.entries()) expect(Math.abs(sum - aggregates["sum"]![row]!)).toBeLessThanOrEqual(1e-12 * magnitude);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a day of 15 seconds of tenths", 15_000, (row: number) => Math.round(500 + 300 * Math.sin(row / 900)) / 10, 0.06],
  ["a day of 15 seconds of noise", 15_000, (row: number) => Math.sin(row * row), 0.17],
])("the rollup of %s takes little beside its points", (_what, step, signal, most) => {
  const timestamps = Float64Array.from({ length: 2_400 }, (_, row) => 1_700_000_000_000 + row * step);
  const column = timestamps.map((_, row) => signal(row));
  expect(encodeRollup(timestamps, column, asDecimals(column))!.length / 2_400).toBeLessThan(most);
});

test("there is none where it would be as large as the points, or a sum of them is not finite, unless it is wanted whatever", () => {
  const hourly = Float64Array.from({ length: 100 }, (_, row) => row * HOUR_MS);
  expect(encodeRollup(hourly, hourly, asDecimals(hourly))).toBeNull();
  expect(decodeRollup(encodeRollup(hourly, hourly, asDecimals(hourly), { whatever: true })!).counts.length).toBe(100);
  const close = Float64Array.from({ length: 100 }, (_, row) => row);
  expect(encodeRollup(close, new Float64Array(100).fill(1e307), null)).toBeNull();
});
