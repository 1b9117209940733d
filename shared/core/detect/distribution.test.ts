import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { chiSquaredDistributionTable } from "simple-statistics";
import { normal, seeded } from "../../testing/series-generators.ts";
import { bytesOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { distribution } from "./distribution.ts";

const statisticsOf = (values: readonly number[]): number[] =>
  readAll(
    distribution,
    distribution.create(),
    values.map((value, row) => sightOf(row, value)),
  );
const most = (numbers: readonly number[]): number => Math.max(...numbers);
const uniformValues = (n: number, seed: number, from = 0, to = 1): number[] => {
  const uniform = seeded(seed);
  return Array.from({ length: n }, () => from + (to - from) * uniform());
};

/** From here on a histogram is unlike every known one. */
const UNLIKE = 13;
const table = chiSquaredDistributionTable[5];
const isUnlike = (statistic: number): boolean => statistic >= UNLIKE;

describe("the mixture of the newest values", () => {
  const mixed = uniformValues(1_500, 4).map((value, row) => (row % 2 === 0 ? 10 : 20) + value);
  const high = uniformValues(52, 5, 20, 21);

  test("is news when it is one that never was, though each of the values was", () => {
    // Half of the time low, half high, in turn; then high alone.
    const statistics = statisticsOf([...mixed, ...high]);
    expect(statistics.slice(400, 1_500).some(isUnlike)).toBe(false);
    expect(statistics.slice(1_500).some(isUnlike)).toBe(true);
  });

  test("is known once it was met", () => {
    const statistics = statisticsOf([...mixed, ...high, ...mixed.slice(0, 200), ...high]);
    expect(most(statistics.slice(1_752))).toBeLessThan(most(statistics.slice(1_500, 1_552)) / 2);
  });

  test("is as usual in the same noise, but for one point of a hundred", () => {
    expect(UNLIKE).toBeGreaterThan(table[0.05]);
    expect(UNLIKE).toBeLessThan(table[0.01]);
    const uniform = seeded(9);
    const statistics = statisticsOf(Array.from({ length: 1_999 }, () => normal(uniform))).slice(1_000);
    expect(statistics.filter(isUnlike).length).toBeLessThan(10);
  });

  test("says nothing before there are bins and a full window, nor of a constant", () => {
    expect(most(statisticsOf(uniformValues(103, 2)))).toBe(0);
    expect(most(statisticsOf(Array<number>(700).fill(5)))).toBe(0);
  });

  test("says nothing for a while after the values have left the bins, which are then made anew", () => {
    const moved = [...uniformValues(300, 2), ...uniformValues(1_100, 3, 50, 60)];
    const statistics = statisticsOf(moved);
    // Bins are looked at at 600 values; the ends are then those of what came since 300.
    expect(statistics.slice(300, 600).some(isUnlike)).toBe(true);
    expect(most(statistics.slice(600, 1_000))).toBe(0);
    expect(most(statistics.slice(1_000))).toBeLessThan(30);
  });
});

test("the statistic is G: twice the sum of observed times the logarithm of observed to expected, against the nearest histogram", () => {
  const state = distribution.create();
  // After 52 values the bins reach from 0 to 10; the next 52 are the one known histogram.
  const known = Array.from({ length: 52 }, (_, row) => [1, 1, 3, 5, 5, 5, 7, 9][row % 8]!);
  readAll(
    distribution,
    state,
    [...Array.from({ length: 52 }, (_, row) => (row % 2) * 10), ...known, 1].map((value, row) => sightOf(row, value)),
  );
  const learned = [1, ...known.slice(1)];
  const binOf = (value: number) => Math.floor(value / 2);
  const countOf = (values: readonly number[]) => [0, 1, 2, 3, 4].map((bin) => values.filter((value) => binOf(value) === bin).length);
  const expected = countOf(learned);
  for (const value of [1, 5, 9]) {
    const observed = countOf([...learned.slice(1), value]);
    const g = 2 * observed.reduce((sum, count, bin) => sum + (count === 0 ? 0 : count * Math.log(count / expected[bin]!)), 0);
    expect(distribution.read(state, sightOf(105, value))).toBeCloseTo(g, 9);
  }
});

test("reading changes nothing, and what was saved and loaded goes on as what was not, whatever was learned", () => {
  const stretch = fc.record({
    level: fc.constantFrom(0, 1, 50, 1e30, -1e30, 5e-324),
    spread: fc.constantFrom(0, 1, 1e3, 1e29),
    n: fc.integer({ min: 1, max: 200 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), (stretches) => {
      const values = stretches.flatMap(({ level, spread, n, seed }) => uniformValues(n, seed, level, level + spread));
      const state = distribution.create();
      for (const [row, value] of values.entries()) distribution.learn(state, sightOf(row, value), false);
      const before = bytesOf(distribution, state);
      const again = reloaded(distribution, state);
      for (const value of [0, 1, 77, -1e30]) {
        const statistic = distribution.read(state, sightOf(0, value));
        expect(statistic).toBeGreaterThanOrEqual(0);
        expect(distribution.read(again, sightOf(0, value))).toBe(statistic);
      }
      expect(bytesOf(distribution, state)).toEqual(before);
      for (const value of uniformValues(120, 1, 0, 99))
        for (const either of [state, again]) distribution.learn(either, sightOf(0, value), false);
      expect(bytesOf(distribution, again)).toEqual(bytesOf(distribution, state));
    }),
    { numRuns: 30 },
  );
});
