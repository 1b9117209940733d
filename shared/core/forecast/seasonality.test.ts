import { describe, expect, test } from "@jest/globals";
import { AIR_PASSENGERS, NILE, NOTTEM, WWW_USAGE } from "./golden.ts";
import { scaleSeries } from "./scaling.ts";
import { detectSeason, isSeasonal } from "./seasonality.ts";

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

describe("detectSeason", () => {
  test("a daily cycle is found among noise, with or without a trend", () => {
    const noisy = sum(cycle(336, 24), noise(336, 5));
    expect(detectSeason(noisy, [24, 168])).toBe(24);
    expect(
      detectSeason(
        noisy.map((value, t) => value + t / 50),
        [24, 168],
      ),
    ).toBe(24);
  });

  test("a week whose days differ is preferred to the day", () => {
    const weekend = Float64Array.from({ length: 840 }, (_, t) => (Math.floor(t / 24) % 7 > 4 ? -2 : 0));
    expect(
      detectSeason(
        sum(
          cycle(840, 24),
          weekend,
          noise(840, 3).map((value) => value / 4),
        ),
        [24, 168],
      ),
    ).toBe(168);
  });

  test("two cycles are enough and fewer are not", () => {
    expect(detectSeason(cycle(48, 24), [24])).toBe(24);
    expect(detectSeason(cycle(47, 24), [24])).toBe(1);
  });

  test("a constant and an empty list of candidates have no season", () => {
    expect(detectSeason(new Float64Array(100), [7])).toBe(1);
    expect(detectSeason(cycle(100, 7), [])).toBe(1);
  });
});
