import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { bytesOf, forecastOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { levelShift } from "./level-shift.ts";

/** Mean absolute error of a standard normal. */
const SCALE = 0.8;
/** Statistics of errors from what is usual, in standard deviations. */
const statisticsOf = (errors: readonly number[]): number[] =>
  readAll(
    levelShift,
    levelShift.create(),
    errors.map((error, row) => sightOf(row, error, { forecast: forecastOf(0, SCALE) })),
  );
const noise = (n: number, seed = 2): number[] => {
  const uniform = seeded(seed);
  return Array.from({ length: n }, () => normal(uniform));
};
const most = (numbers: readonly number[]): number => Math.max(...numbers);

describe("a level shift", () => {
  test.each([3, -3, 4, -4])("of %d standard deviations is found within ten points, though no point of it is large", (shift) => {
    const calm = noise(1_500);
    const statistics = statisticsOf([...calm, ...noise(10, 5).map((error) => error + shift)]);
    expect(most(statistics.slice(1_500))).toBeGreaterThan(3 * most(statistics.slice(300, 1_500)));
  });

  test("that comes as a ramp is found too", () => {
    const ramp = noise(24, 7).map((error, row) => error + row / 4);
    const statistics = statisticsOf([...noise(1_500), ...ramp]);
    expect(most(statistics.slice(1_500))).toBeGreaterThan(3 * most(statistics.slice(300, 1_500)));
  });

  test("is told from one to the other side: what is known above is news below", () => {
    const state = levelShift.create();
    const sights = (errors: readonly number[], from: number) =>
      errors.map((error, row) => sightOf(from + row, error, { forecast: forecastOf(0, SCALE) }));
    readAll(levelShift, state, sights(noise(500), 0));
    for (let day = 1; day <= 4; day++) readAll(levelShift, state, sights([...Array<number>(30).fill(5), ...noise(100, day)], day * 288));
    expect(most(readAll(levelShift, state, sights([...Array<number>(30).fill(5), ...noise(100, 9)], 5 * 288)))).toBeLessThan(0.2);
    expect(most(readAll(levelShift, state, sights(Array<number>(30).fill(-5), 6 * 288)))).toBeGreaterThan(0.4);
  });
});

describe("there is none", () => {
  test("in a spike: one error counts for eight scales, however large", () => {
    const giant = statisticsOf([...noise(1_500), 1e9]).at(-1)!;
    expect(giant).toBe(statisticsOf([...noise(1_500), 8 * SCALE]).at(-1)!);
  });

  test("in what is left of one that is over: a sum that shrinks tells nothing, and is nothing that is learned", () => {
    const state = levelShift.create();
    const sights = (errors: readonly number[], from: number) =>
      errors.map((error, row) => sightOf(from + row, error, { forecast: forecastOf(0, SCALE) }));
    readAll(levelShift, state, sights(noise(1_500), 0));
    expect(most(readAll(levelShift, state, sights(Array<number>(12).fill(-8), 1_500)))).toBeGreaterThan(0.4);
    const left = readAll(levelShift, state, sights(Array<number>(30).fill(0), 1_512));
    expect(state.below).toBeGreaterThan(10);
    expect(most(left)).toBeLessThan(0.05);
    expect(levelShift.read(state, sightOf(1_542, -2, { forecast: forecastOf(0, SCALE) }))).toBeGreaterThan(0.2);
  });

  test("in many small errors to one side that the slack forgives", () => {
    const statistics = statisticsOf([...noise(1_500), ...Array<number>(200).fill(1.4 * SCALE)]);
    expect(most(statistics.slice(1_500))).toBeLessThanOrEqual(most(statistics.slice(300, 1_500)));
  });

  test("where nothing is expected yet, nor where all is as expected without any scale", () => {
    const state = levelShift.create();
    const sights = Array.from({ length: 100 }, (_, row) => sightOf(row, 5, { forecast: row === 0 ? null : forecastOf(5, 0) }));
    expect(most(readAll(levelShift, state, sights))).toBe(0);
    expect(state).toMatchObject({ above: 0, below: 0 });
  });
});

test("reading changes nothing, and what was saved and loaded goes on as what was not, whatever was learned", () => {
  const sight = fc.tuple(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constantFrom(0, 5e-324, 1, 1e20), fc.boolean());
  fc.assert(
    fc.property(fc.array(sight, { maxLength: 150 }), (history) => {
      const state = levelShift.create();
      for (const [row, [value, scale, accept]] of history.entries()) {
        levelShift.learn(state, sightOf(row, value, { forecast: row === 0 ? null : forecastOf(0, scale) }), accept);
      }
      const before = bytesOf(levelShift, state);
      const again = reloaded(levelShift, state);
      const next = sightOf(200, 9, { forecast: forecastOf(1, 1) });
      expect(levelShift.read(again, next)).toBe(levelShift.read(state, next));
      expect(bytesOf(levelShift, state)).toEqual(before);
      for (const either of [state, again]) levelShift.learn(either, next, false);
      expect(bytesOf(levelShift, again)).toEqual(bytesOf(levelShift, state));
    }),
    { numRuns: 40 },
  );
});
