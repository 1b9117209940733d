import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { bytesOf, forecastOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { volatility } from "./volatility.ts";

const SCALE = 0.8;
const statisticsOf = (errors: readonly number[]): number[] =>
  readAll(
    volatility,
    volatility.create(),
    errors.map((error, row) => sightOf(row, error, { forecast: forecastOf(0, SCALE) })),
  );
const noise = (n: number, spread = 1, seed = 2): number[] => {
  const uniform = seeded(seed);
  return Array.from({ length: n }, () => spread * normal(uniform));
};
const most = (numbers: readonly number[]): number => Math.max(...numbers);

describe("a change of the spread", () => {
  test("to four times the noise is found within two dozen points", () => {
    const statistics = statisticsOf([...noise(1_500), ...noise(24, 4, 3)]);
    expect(most(statistics.slice(1_500))).toBeGreaterThan(2 * most(statistics.slice(300, 1_500)));
  });

  test("is known the second time", () => {
    const statistics = statisticsOf([...noise(1_500), ...noise(24, 4, 3), ...noise(300, 1, 4), ...noise(24, 4, 3)]);
    expect(most(statistics.slice(1_824))).toBeLessThan(most(statistics.slice(1_500, 1_524)) / 2);
  });
});

describe("there is none", () => {
  test("in one giant: it counts for ten scales", () => {
    expect(statisticsOf([...noise(1_500), 1e9]).at(-1)).toBe(statisticsOf([...noise(1_500), -10 * SCALE]).at(-1));
  });

  test("in the same noise at another level, nor in a constant", () => {
    const uniform = seeded(2);
    const sights = Array.from({ length: 1_800 }, (_, row) => {
      const level = row < 1_500 ? 0 : 1e6;
      return sightOf(row, level + normal(uniform), { forecast: forecastOf(level, SCALE) });
    });
    const statistics = readAll(volatility, volatility.create(), sights);
    expect(most(statistics.slice(1_500))).toBeLessThan(2 * most(statistics.slice(300, 1_500)));
    expect(most(statisticsOf(Array<number>(300).fill(0)))).toBe(0);
  });

  test("before anything is expected", () => {
    expect(volatility.read(volatility.create(), sightOf(0, 1e9))).toBe(0);
  });
});

test("reading changes nothing, and what was saved and loaded goes on as what was not, whatever was learned", () => {
  const sight = fc.tuple(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constantFrom(0, 5e-324, 1, 1e20), fc.boolean());
  fc.assert(
    fc.property(fc.array(sight, { maxLength: 150 }), (history) => {
      const state = volatility.create();
      for (const [row, [value, scale, accept]] of history.entries()) {
        volatility.learn(state, sightOf(row, value, { forecast: row === 0 ? null : forecastOf(0, scale) }), accept);
      }
      const before = bytesOf(volatility, state);
      const again = reloaded(volatility, state);
      const next = sightOf(200, 9, { forecast: forecastOf(1, 1) });
      expect(volatility.read(again, next)).toBe(volatility.read(state, next));
      expect(bytesOf(volatility, state)).toEqual(before);
      for (const either of [state, again]) volatility.learn(either, next, false);
      expect(bytesOf(volatility, again)).toEqual(bytesOf(volatility, state));
    }),
    { numRuns: 40 },
  );
});
