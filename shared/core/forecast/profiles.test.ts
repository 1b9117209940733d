import { expect, test } from "@jest/globals";
import { levelByShape, medianProfile, windowMedian } from "./profiles.ts";

const cycles = (...rows: readonly (readonly number[])[]): Float64Array => Float64Array.from(rows.flat());

test("a profile is the median of each phase over the last cycles, whatever one of them did", () => {
  const y = cycles([9, 9, 9], [1, 5, 2], [1, 5, 2], [1, 500, 2], [2, 6, 2]);
  expect([...medianProfile(y, 5, { seasonLength: 3, cycles: 4, level: null })!]).toEqual([1, 5.5, 2, 1, 5.5]);
  expect(medianProfile(y, 1, { seasonLength: 8, cycles: 4, level: null })).toBeNull();
});

test("a profile on a level has the shape of all cycles and the height of the last", () => {
  const y = cycles([0, 2], [10, 12], [20, 22], [30, 32]);
  expect([...medianProfile(y, 2, { seasonLength: 2, cycles: 4, level: 1 })!]).toEqual([30, 32]);
});

test("a window's median goes on and on", () => {
  expect([...windowMedian(Float64Array.of(9, 9, 9, 1, 2, 300), 3, 3)]).toEqual([2, 2, 2]);
});

test("totals that grow are shared out as the last cycles were", () => {
  const y = cycles(...Array.from({ length: 20 }, (_, cycle) => [1, 3].map((share) => share * 1.1 ** cycle)));
  const ahead = levelByShape(y, 4, { seasonLength: 2, cycles: 2, outer: null })!;
  expect(ahead[1]! / ahead[0]!).toBeCloseTo(3, 9);
  expect(ahead[0]!).toBeGreaterThan(y.at(-2)!);
  expect(ahead[2]!).toBeGreaterThan(ahead[0]!);
});

test("a cycle without anything in it cannot be shared", () => {
  expect(levelByShape(cycles([1, 3], [1, 3], [0, 0], [1, 3]), 2, { seasonLength: 2, cycles: 2, outer: null })).toBeNull();
});
