import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { bytesOf, forecastOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { logNovelty } from "./log-novelty.ts";
import { valueNovelty } from "./value-novelty.ts";

/** A state that has learned values around a hundred that differ by a few percent, or what is given. */
function learned(values: readonly number[] = ratios(600)) {
  const state = logNovelty.create();
  readAll(
    logNovelty,
    state,
    values.map((value, row) => sightOf(row, value)),
  );
  return state;
}
function ratios(n: number, spread = 0.5): number[] {
  const uniform = seeded(3);
  return Array.from({ length: n }, () => 100 * Math.exp(spread * normal(uniform)));
}
const next = (value: number) => sightOf(10_000, value);

describe("on a logarithmic scale", () => {
  test("a hundredth of everything before is news as the hundredfold is, where by its distance it is none", () => {
    const values = ratios(600);
    const plain = valueNovelty.create();
    readAll(
      valueNovelty,
      plain,
      values.map((value, row) => sightOf(row, value)),
    );
    const small = logNovelty.read(learned(values), next(0.5));
    expect(small).toBeGreaterThan(0.2);
    expect(valueNovelty.read(plain, next(0.5))).toBeLessThan(0.1);
    expect(logNovelty.read(learned(values), next(20_000))).toBeGreaterThan(0.2);
  });

  test("what is within the values is none, and the scale of the series does not matter", () => {
    expect(logNovelty.read(learned(), next(110))).toBeLessThan(0.05);
    const scaled = learned(ratios(600).map((value) => 1_024 * value));
    for (const value of [0.5, 50, 500, 20_000]) {
      expect(logNovelty.read(scaled, next(1_024 * value))).toBeCloseTo(logNovelty.read(learned(), next(value)), 5);
    }
  });

  test("signs are kept: what never was negative is news when it is, as far as it was from nothing", () => {
    expect(logNovelty.read(learned(), next(-100))).toBeGreaterThan(0.5);
    const mirrored = learned(ratios(600).map((value) => -value));
    expect(logNovelty.read(mirrored, next(100))).toBeCloseTo(logNovelty.read(learned(), next(-100)), 2);
  });

  test("zeros alone have no scale and say nothing", () => {
    const zeros = learned(Array<number>(100).fill(0));
    expect(logNovelty.read(zeros, next(1e9))).toBe(0);
    expect(logNovelty.familiar!(zeros, 1, forecastOf(0, 1))).toBeNull();
  });

  test("its band is in the series' own unit: at its ends the statistic is the one asked for", () => {
    const state = learned();
    const [lo, hi] = logNovelty.familiar!(state, 0.2, forecastOf(100, 10))!;
    expect(logNovelty.read(state, next(lo))).toBeCloseTo(0.2, 5);
    expect(logNovelty.read(state, next(hi))).toBeCloseTo(0.2, 5);
  });

  test("a series that begins among the smallest numbers there are, and then is large, has a finite state", () => {
    const state = learned([...Array.from({ length: 30 }, (_, row) => (row % 3) * 1e-322), ...ratios(100)]);
    expect(Number.isFinite(state.novelty.range)).toBe(true);
    expect([...state.novelty.values].every(Number.isFinite)).toBe(true);
    expect(Math.abs(logNovelty.read(state, next(100)))).toBeLessThan(0.01);
  });
});

test("reading changes nothing, and what was saved and loaded goes on as what was not, whatever was learned", () => {
  const value = fc.oneof(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constantFrom(0, 5e-324, -1e30, 3));
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.boolean()), { maxLength: 150 }), (history) => {
      const state = logNovelty.create();
      for (const [row, [one, accept]] of history.entries()) logNovelty.learn(state, sightOf(row, one), accept);
      const before = bytesOf(logNovelty, state);
      const again = reloaded(logNovelty, state);
      const statistic = logNovelty.read(state, next(12));
      expect(Number.isFinite(statistic)).toBe(true);
      expect(logNovelty.read(again, next(12))).toBe(statistic);
      expect(bytesOf(logNovelty, state)).toEqual(before);
      for (const either of [state, again]) logNovelty.learn(either, next(12), false);
      expect(bytesOf(logNovelty, again)).toEqual(bytesOf(logNovelty, state));
    }),
    { numRuns: 40 },
  );
});
