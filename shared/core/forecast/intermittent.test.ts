import { describe, expect, test } from "@jest/globals";
import { isIntermittent, zeroShare } from "./intermittent.ts";
import { forecastNative } from "./native.ts";
import type { NativeForecast } from "./native.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 5);

/** Uniform noise in [0, 1) from a linear congruential generator. */
function noise(n: number, seed = 7_919): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}

/** Demands of 1 to 5 with a chance in every step: their rate is three times the chance. */
function demands(n: number, chance: number, seed?: number): number[] {
  const uniform = noise(2 * n, seed);
  return Array.from({ length: n }, (_, t) => (uniform[2 * t]! < chance ? 1 + Math.floor(5 * uniform[2 * t + 1]!) : 0));
}

function forecast(values: readonly number[], spacing = DAY, horizon = 14): NativeForecast {
  const timestamps = Float64Array.from(values, (_, i) => START + i * spacing);
  const made = forecastNative({ timestamps, values: Float64Array.from(values) }, { horizon, levels: [80, 95] });
  if (!made.ok) throw new Error("refused");
  return made.value;
}

const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const open = (t: number): boolean => t % 24 >= 9 && t % 24 < 18;
const shop = noise(720).map((part, t) => (open(t) ? 20 + 10 * part : 0));

describe("a series is intermittent", () => {
  test.each([
    ["when demands come now and then", demands(200, 0.3), 1, true],
    ["when they do so by day alone", demands(720, 0.3).map((value, t) => (open(t) ? value : 0)), 24, true],
    ["not when it stops at the same time every day", shop, 24, false],
    ["not when a few great demands are most of it", demands(200, 0.3).map((value) => value ** 4), 1, false],
    ["not when it is seldom zero", demands(200, 0.7), 1, false],
    ["not when it is all zeros", Array.from({ length: 50 }, () => 0), 1, false],
  ])("%s", (_name, values, seasonLength, expected) => {
    expect(isIntermittent(Float64Array.from(values), { floor: 0, seasonLength })).toBe(expected);
  });

  test("by what is observed, above the floor, and never without one", () => {
    const y = Float64Array.from(demands(200, 0.3), (value, t) => (t % 5 === 0 ? NaN : value - 7));
    expect(isIntermittent(y, { floor: -7, seasonLength: 1 })).toBe(true);
    expect(isIntermittent(y, { floor: null, seasonLength: 1 })).toBe(false);
    expect(zeroShare(Float64Array.of(-7, NaN, -3, -7, NaN, -1), { floor: -7 })).toBe(0.5);
    expect(zeroShare(y, { floor: null })).toBe(0);
  });
});

describe("the forecast of an intermittent series", () => {
  const series = Array.from({ length: 12 }, (_, i) => ({ chance: 0.1 + 0.03 * i, values: demands(250, 0.1 + 0.03 * i, 1_000 + i) }));

  test("is its rate, and closer to that than the last value and the mean of the last ten are", () => {
    const errors = { own: 0, naive: 0, recent: 0 };
    for (const { chance, values } of series) {
      const { mean } = forecast(values);
      const error = (of: ArrayLike<number>): number => meanOf(Array.from(of, (value) => (value - 3 * chance) ** 2));
      errors.own += error(mean);
      errors.naive += error([values.at(-1)!]);
      errors.recent += error([meanOf(values.slice(-10))]);
    }
    expect(errors.own).toBeLessThan(0.2 * errors.naive);
    expect(errors.own).toBeLessThan(0.7 * errors.recent);
  });

  test("does not lean to one side over many of them", () => {
    const said = meanOf(series.map(({ values }) => meanOf(forecast(values).mean)));
    const there = meanOf(series.map(({ values }) => meanOf(values)));
    expect(said / there).toBeGreaterThan(0.85);
    expect(said / there).toBeLessThan(1.15);
  });

  test("is made by Croston's family among others, and not by the last value", () => {
    const names = forecast(demands(250, 0.3)).models.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["croston", "sba", "tsb", "adida"]));
    expect(names).not.toContain("naive");
  });

  test("and its intervals are never negative", () => {
    for (const { values } of series) {
      const { mean, intervals } = forecast(values);
      for (const column of [mean, ...intervals.map(({ lo }) => lo)]) expect(Math.min(...column)).toBeGreaterThanOrEqual(0);
    }
  });

  test("of one demand alone is a small share of it", () => {
    const { mean } = forecast(Array.from({ length: 60 }, (_, t) => (t === 40 ? 6 : 0)));
    expect(Math.min(...mean)).toBeGreaterThan(0);
    expect(Math.max(...mean)).toBeLessThan(0.6);
  });

  test("with a daily cycle is high by day and next to nothing at night", () => {
    const { seasonLength, mean } = forecast(
      demands(1_200, 0.45).map((value, t) => (open(t) ? value : 0)),
      DAY / 24,
      48,
    );
    expect(seasonLength).toBe(24);
    expect(meanOf(mean.filter((_, step) => open(step)))).toBeGreaterThan(0.9);
    expect(meanOf(mean.filter((_, step) => !open(step)))).toBeLessThan(0.1);
  });
});

test("a shop's nights are forecast as zeros, and its days as usual", () => {
  const { mean, models } = forecast(shop, DAY / 24, 24);
  expect(Math.max(...mean.filter((_, step) => !open(step)))).toBeLessThan(0.5);
  expect(Math.min(...mean.filter((_, step) => open(step)))).toBeGreaterThan(20);
  expect(models.map(({ name }) => name).join()).toContain("profile");
});

test("zeros alone are forecast as zeros, without width", () => {
  const { mean, intervals } = forecast(Array.from({ length: 40 }, () => 0));
  for (const column of [mean, intervals[1]!.lo, intervals[1]!.hi]) expect(column.every((value) => value === 0)).toBe(true);
});
