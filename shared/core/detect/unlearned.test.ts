import { expect, test } from "@jest/globals";
import { countUnlearned, isBroughtIn, isToBeRelearned } from "./unlearned.ts";

const NOW = Date.UTC(2026, 10, 20);
const MINUTE = 60_000;

test.each([
  [99, 50, null, false],
  [100, 50, null, true],
  [100, 1_000, null, false],
  [101, 1_000, null, true],
  [2_000, 1_000_000, null, false],
  [2_001, 1_000_000, null, true],
  [5_000, 50, NOW - MINUTE + 1, false],
  [5_000, 50, NOW - MINUTE, true],
])("with %d points unlearned beside %d learned, and asked for at %s, to be learned anew: %s", (unlearned, n, relearnAskedAt, expected) => {
  expect(isToBeRelearned({ unlearned, relearnAskedAt }, { n }, NOW)).toBe(expected);
});

test("late points count as far as learning anew would reach", () => {
  const late = [NOW - 20_001 * MINUTE, NOW - 20_000 * MINUTE, NOW - MINUTE];
  expect(countUnlearned(late, { newest: NOW, cadence: MINUTE })).toBe(2);
  expect(countUnlearned(late, { newest: NOW, cadence: null })).toBe(3);
});

test("history is being brought in while there is much of it, and for an hour after it was asked for", () => {
  expect(isBroughtIn({ unlearned: 99, relearnAskedAt: null }, NOW)).toBe(false);
  expect(isBroughtIn({ unlearned: 100, relearnAskedAt: null }, NOW)).toBe(true);
  expect(isBroughtIn({ unlearned: 0, relearnAskedAt: NOW - 60 * MINUTE + 1 }, NOW)).toBe(true);
  expect(isBroughtIn({ unlearned: 0, relearnAskedAt: NOW - 60 * MINUTE }, NOW)).toBe(false);
});
