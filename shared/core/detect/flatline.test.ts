import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, poisson, seeded } from "../../testing/series-generators.ts";
import { bytesOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { flatline } from "./flatline.ts";

const statisticsOf = (values: readonly number[]): number[] =>
  readAll(
    flatline,
    flatline.create(),
    values.map((value, row) => sightOf(row, value)),
  );
const noise = (n: number): number[] => {
  const uniform = seeded(8);
  return Array.from({ length: n }, () => normal(uniform));
};
const most = (numbers: readonly number[]): number => Math.max(...numbers);

describe("a stuck value", () => {
  test("is found in what never repeats, and the more surely the longer it is", () => {
    const statistics = statisticsOf([...noise(500), ...Array<number>(30).fill(0.25)]).slice(500);
    expect(statistics.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(statistics[11]).toBeGreaterThan(1);
    expect(statistics).toEqual(statistics.toSorted((a, b) => a - b));
    expect(statistics.at(-1)).toBeLessThanOrEqual(3);
  });

  test("is found in a count that repeats now and then, whichever count it is", () => {
    const uniform = seeded(4);
    const counts = Array.from({ length: 2_000 }, () => poisson(uniform, 20));
    expect(most(statisticsOf(counts))).toBeLessThan(0.8);
    for (const stuck of [20, 12, 33]) {
      expect(most(statisticsOf([...counts, ...Array<number>(14).fill(stuck)]).slice(2_000))).toBeGreaterThan(1);
    }
  });

  test("is found though another value rests for hours: a percentage that is often 100 and now is 73", () => {
    const uniform = seeded(5);
    const values = Array.from({ length: 3_000 }, (_, row) => (row % 300 < 60 ? 100 : 60 + 10 * uniform()));
    // The first rest of a series is like any other stuck value; from the second on it is its own.
    expect(most(statisticsOf(values).slice(500))).toBeLessThan(0.5);
    expect(most(statisticsOf([...values, ...Array<number>(14).fill(73.5)]).slice(3_000))).toBeGreaterThan(0.9);
  });

  test("ends with the first other value", () => {
    expect(statisticsOf([...noise(500), ...Array<number>(30).fill(0.25), 0.26]).at(-1)).toBe(0);
  });
});

describe("nothing is stuck", () => {
  test.each([
    ["a constant", () => 7],
    ["small counts", (uniform: () => number) => poisson(uniform, 0.3)],
    ["a switch", (uniform: () => number) => (uniform() < 0.1 ? 1 : 0)],
    ["zeros with an odd one", (uniform: () => number) => (uniform() < 0.003 ? 1 : 0)],
    ["noise", (uniform: () => number) => normal(uniform)],
  ])("in %s", (_name, valueAt) => {
    const uniform = seeded(6);
    expect(most(statisticsOf(Array.from({ length: 3_000 }, () => valueAt(uniform))))).toBeLessThan(0.5);
  });

  test("in values that are each written twice or thrice, as by an exporter that is slower than its scraper", () => {
    const slow = noise(600).flatMap((value, row) => Array<number>(2 + (row % 2)).fill(value));
    expect(most(statisticsOf(slow))).toBe(0);
  });

  test("before twenty values, nor in a run of fewer than five", () => {
    expect(most(statisticsOf([...noise(5), ...Array<number>(15).fill(1)]))).toBe(0);
    expect(most(statisticsOf([...noise(500), 1, 1, 1, 1]))).toBe(0);
  });

  test("where the same length of run was met before", () => {
    const values = noise(400);
    const stuck = Array<number>(20).fill(0.25);
    const statistics = statisticsOf([...values, ...stuck, ...values, ...stuck]);
    const [first, second] = [most(statistics.slice(400, 420)), most(statistics.slice(820))];
    expect(first).toBeGreaterThan(1);
    expect(second).toBeLessThan(first / 2);
  });
});

test("reading changes nothing", () => {
  const state = flatline.create();
  readAll(
    flatline,
    state,
    [...noise(50), ...Array<number>(8).fill(1)].map((value, row) => sightOf(row, value)),
  );
  const before = bytesOf(flatline, state);
  for (const value of [1, 2]) flatline.read(state, sightOf(58, value));
  expect(bytesOf(flatline, state)).toEqual(before);
});

test("what was saved and loaded is the same, whatever was learned", () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: -1e30, max: 1e30, noNaN: true }));
  const runs = fc.array(fc.tuple(value, fc.nat({ max: 40 })), { maxLength: 60 });
  fc.assert(
    fc.property(runs, (history) => {
      const state = flatline.create();
      const values = history.flatMap(([repeated, times]) => Array<number>(times).fill(repeated));
      for (const [row, one] of values.entries()) flatline.learn(state, sightOf(row, one), false);
      expect(reloaded(flatline, state)).toEqual(state);
    }),
    { numRuns: 40 },
  );
});
