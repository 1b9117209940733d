import { describe, expect, test } from "@jest/globals";
import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";
import { scaleSeries } from "./scaling.ts";
import { isSeasonal } from "./is-seasonal.ts";
import { seasonsOf } from "./seasonality.ts";

/** Uniform noise in (-1, 1) from a linear congruential generator. */
function noise(n: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  });
}
const cycle = (n: number, m: number): Float64Array => Float64Array.from({ length: n }, (_, t) => Math.sin((2 * Math.PI * t) / m));
const sum = (...columns: readonly Float64Array[]): Float64Array =>
  columns[0]!.map((_, t) => columns.reduce((total, column) => total + column[t]!, 0));
const walk = (steps: Float64Array): Float64Array => {
  let level = 0;
  return steps.map((step) => (level += step / 10));
};

describe("isSeasonal", () => {
  test.each([
    ["AirPassengers", AIR_PASSENGERS],
    ["nottem", NOTTEM],
  ])("%s has a yearly cycle", (_name, { train }) => {
    expect(isSeasonal(scaleSeries(Float64Array.from(train)).z, 12)).toBe(true);
  });

  test.each([
    ["the Nile", NILE],
    ["WWWusage", WWW_USAGE],
  ])("%s has no cycle of 12", (_name, { train }) => {
    expect(isSeasonal(scaleSeries(Float64Array.from(train)).z, 12)).toBe(false);
  });

  test("noise and random walks rarely pass", () => {
    let passes = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const steps = noise(240, seed * 7_919);
      passes += Number(isSeasonal(steps, 24)) + Number(isSeasonal(walk(steps), 24));
    }
    expect(passes).toBeLessThan(400 * 0.1);
  });
});

describe("seasonsOf", () => {
  const HOUR = 3_600_000;

  test("a daily cycle is found among noise, with or without a trend; the calendar's week is there whether it shows or not", () => {
    const noisy = sum(cycle(360, 24), noise(360, 5));
    expect(seasonsOf(noisy, HOUR)).toMatchObject({ calendar: [24, 168], found: expect.arrayContaining([24]), distinct: [24] });
    const rising = noisy.map((value, t) => value + t / 50);
    expect(seasonsOf(rising, HOUR).found).toContain(24);
    expect(seasonsOf(noise(360, 5), HOUR)).toEqual({ calendar: [24, 168], found: [], distinct: [] });
  });

  test("an hour within the day counts where it shows", () => {
    expect(seasonsOf(sum(cycle(700, 12), noise(700, 5)), HOUR / 12)).toMatchObject({
      calendar: [12, 288],
      found: expect.arrayContaining([12]),
    });
    expect(seasonsOf(noise(700, 5), HOUR / 12)).toEqual({ calendar: [288], found: [], distinct: [] });
  });

  test("two cycles and a little more are enough, and fewer are not", () => {
    expect(seasonsOf(cycle(58, 24), HOUR)).toEqual({ calendar: [24], found: [24], distinct: [24] });
    expect(seasonsOf(cycle(57, 24), HOUR)).toMatchObject({ calendar: [] });
  });

  test("a constant has no season that shows", () => {
    expect(seasonsOf(new Float64Array(100), 24 * HOUR).found).toEqual([]);
  });
});
