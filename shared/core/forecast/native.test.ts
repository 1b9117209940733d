import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { NOTTEM } from "./golden.ts";
import { forecastNative } from "./native.ts";
import type { NativeForecast, NativeOptions } from "./native.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const UNBOUNDED = { min: -Number.MAX_VALUE };

function forecast(values: readonly number[], options: Partial<NativeOptions> = {}, spacing = HOUR): NativeForecast {
  const timestamps = Float64Array.from(values, (_, i) => START + i * spacing);
  const result = forecastNative({ timestamps, values: Float64Array.from(values) }, { horizon: 12, levels: [80, 95], ...options });
  if (!result.ok) throw new Error("refused");
  return result.value;
}

const columnsOf = ({ mean, intervals }: NativeForecast): Float64Array[] => [mean, ...intervals.flatMap(({ lo, hi }) => [lo, hi])];
/** Uniform noise in [0, 1) from a linear congruential generator. */
function noise(n: number): number[] {
  let state = 7_919;
  return Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}
const daily = noise(240).map((noise, t) => 50 + 20 * Math.sin((2 * Math.PI * t) / 24) + 10 * noise);

function meanAbsolute(actual: readonly number[], forecast: ArrayLike<number>): number {
  return actual.reduce((sum, value, step) => sum + Math.abs(value - forecast[step]!), 0) / actual.length;
}

describe("the forecast", () => {
  test("goes on from the newest point in steps of the inferred frequency", () => {
    const { timestamps, frequencyMs, mean } = forecast(daily, { horizon: 3 });
    expect(frequencyMs).toBe(HOUR);
    expect([...timestamps]).toEqual([1, 2, 3].map((step) => START + (239 + step) * HOUR));
    expect(mean).toHaveLength(3);
  });

  test("of a daily cycle in noise finds the day, beats seasonal naive and says by how much", () => {
    const { seasonLength, models, accuracy, warnings } = forecast(daily, { horizon: 24 });
    expect(seasonLength).toBe(24);
    expect(models.every(({ name }) => name.includes("24"))).toBe(true);
    expect(models.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(models.map(({ weight }) => weight)).toEqual(models.map(({ weight }) => weight).toSorted((a, b) => b - a));
    expect(accuracy.skill).toBeGreaterThan(0.1);
    expect(accuracy.mase).toBeLessThan(1);
    expect(warnings).toEqual([]);
  });

  test("of monthly temperatures comes closer than seasonal naive to what happened", () => {
    const { mean, seasonLength } = forecast(NOTTEM.train, { horizon: 24 }, 30.4375 * 24 * HOUR);
    expect(seasonLength).toBe(12);
    const naive = NOTTEM.test.map((_, step) => NOTTEM.seasonalNaive.mean[step % 12]!);
    expect(meanAbsolute(NOTTEM.test, mean)).toBeLessThan(0.9 * meanAbsolute(NOTTEM.test, naive));
  });

  test("of an exact repetition repeats it, without width", () => {
    const { mean, models, intervals, accuracy } = forecast(Array.from({ length: 96 }, (_, t) => t % 24));
    expect(models.map(({ name }) => name)).toContain("seasonal-naive(24)");
    expect([...mean]).toEqual(Array.from({ length: 12 }, (_, step) => step));
    expect(intervals[1]!.hi).toEqual(mean);
    expect(accuracy).toMatchObject({ mae: 0, smape: 0, skill: null });
  });

  test("that cannot beat seasonal naive says so, and no other", () => {
    let level = 100;
    const walk = noise(2_000).map((noise) => (level += noise - 0.5));
    const outcomes = Array.from({ length: 12 }, (_, part) => {
      const { accuracy, warnings } = forecast(walk.slice(150 * part, 150 * (part + 1)), { horizon: 1 });
      return { worse: accuracy.skill! <= 0, said: warnings.includes("The forecast did no better than seasonal naive in the backtest") };
    });
    expect(outcomes.map(({ said }) => said)).toEqual(outcomes.map(({ worse }) => worse));
    expect(new Set(outcomes.map(({ said }) => said))).toEqual(new Set([true, false]));
  });

  test("whose time is up is made by the models that had their turn, and says which had not", () => {
    let turns = 0;
    const { mean, models, warnings } = forecast(daily, { horizon: 3, isLate: () => (turns += 1) > 2 });
    expect(models.length).toBeLessThanOrEqual(3);
    expect(mean.every(Number.isFinite)).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/^The time for it was up before .*: .*log theta/)]);
  });

  test("further ahead than a fifth of the history says how far it was tested", () => {
    expect(forecast(daily, { horizon: 100 }).warnings).toContain(
      "The history of 240 points is short: accuracy was tested 48 of 100 steps ahead",
    );
  });

  test("of half a series says what is missing", () => {
    const timestamps = Float64Array.from({ length: 240 }, (_, i) => START + i * HOUR).filter((_, i) => i % 4 < 2);
    const values = Float64Array.from(daily).filter((_, i) => i % 4 < 2);
    const result = forecastNative({ timestamps, values }, { horizon: 24, levels: [80], frequencyMs: HOUR });
    expect(result).toMatchObject({
      ok: true,
      value: { seasonLength: 24, warnings: ["50% of the expected points are missing and were interpolated"] },
    });
  });
});

describe("short histories", () => {
  test.each([
    ["none", [], 0],
    ["one", [5], 1],
    ["one and a gap", [5, NaN], 1],
  ])("%s is refused with the count it needs", (_name, values, got) => {
    const timestamps = Float64Array.from(values, (_, i) => START + i * HOUR);
    const refusal = forecastNative({ timestamps, values: Float64Array.from(values) }, { horizon: 1, levels: [80] });
    expect(refusal).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got } });
  });

  test("observations that all fall to one time of the grid are one point", () => {
    const refusal = forecastNative(
      { timestamps: Float64Array.of(START, START + 1_000), values: Float64Array.of(1, 2) },
      { horizon: 1, levels: [80], frequencyMs: 2_000 },
    );
    expect(refusal).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got: 1 } });
  });

  test("observations of no whole period are no point", () => {
    const refusal = forecastNative(
      { timestamps: Float64Array.of(START, START + 1_000), values: Float64Array.of(1, 2) },
      { horizon: 1, levels: [80], frequencyMs: HOUR },
    );
    expect(refusal).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got: 0 } });
  });

  test("a few points without order are best met by their mean", () => {
    expect(forecast([4, 6, 4, 6, 4, 6, 5]).models[0]!.name).toBe("mean");
  });

  test("two points give a forecast with an honest width", () => {
    const { mean, intervals } = forecast([10, 12], { horizon: 2 });
    expect([...mean]).toEqual([11.5, 11.5]);
    expect(intervals[1]!.hi[0]).toBeGreaterThan(15);
  });
});

describe("bounds", () => {
  test("that are declared hold for the mean and every interval", () => {
    const steep = Array.from({ length: 60 }, (_, t) => t + ((t * 7) % 5));
    const free = forecast(steep, { horizon: 60 });
    expect(Math.max(...free.mean)).toBeGreaterThan(70);
    const bounded = forecast(steep, { horizon: 60, bounds: { min: 20, max: 70 } });
    for (const column of columnsOf(bounded)) {
      expect(Math.max(...column)).toBeLessThanOrEqual(70);
      expect(Math.min(...column)).toBeGreaterThanOrEqual(20);
    }
  });

  test("below zero are inferred when no observation is negative, and not otherwise", () => {
    const falling = Array.from({ length: 40 }, (_, t) => 40 - t + ((t * 7) % 3));
    expect(Math.min(...forecast(falling, { horizon: 60 }).intervals[1]!.lo)).toBe(0);
    expect(Math.min(...forecast(falling, { horizon: 60, bounds: UNBOUNDED }).intervals[1]!.lo)).toBeLessThan(-10);
    expect(Math.min(...forecast([...falling, -1, -2], { horizon: 60 }).intervals[1]!.lo)).toBeLessThan(-2);
  });
});

describe("for any finite history", () => {
  const integers = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 80 });
  const nasty = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e-300) },
  );
  const observations = fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), nasty), { minLength: 2, maxLength: 90 });

  test("with gaps, repeats and any size of values, every number out is finite, ordered and the same again", () => {
    fc.assert(
      fc.property(observations, fc.integer({ min: 1, max: 30 }), (points, horizon) => {
        const input = {
          timestamps: Float64Array.from(points, ([hour]) => START + hour * HOUR),
          values: Float64Array.from(points, ([, value]) => value),
        };
        const options = { horizon, levels: [95, 80], frequencyMs: HOUR };
        const result = forecastNative(input, options);
        fc.pre(result.ok);
        const { mean, intervals, accuracy } = result.value;
        for (const column of columnsOf(result.value)) expect(column.every(Number.isFinite)).toBe(true);
        for (const value of Object.values(accuracy)) expect(value === null || Number.isFinite(value)).toBe(true);
        const [wide, narrow] = [intervals[0]!, intervals[1]!];
        for (let step = 0; step < horizon; step++) {
          const ladder = [wide.lo[step]!, narrow.lo[step]!, mean[step]!, narrow.hi[step]!, wide.hi[step]!];
          expect(ladder.toSorted((a, b) => a - b)).toEqual(ladder);
        }
        expect(forecastNative(input, options)).toEqual(result);
      }),
      { numRuns: 100 },
    );
  });

  test("points shift and scale with the series, as long as it has negative values", () => {
    const negatives = integers.map((values) => values.map((value) => value - 2_000));
    fc.assert(
      fc.property(negatives, fc.integer({ min: -1e6, max: 900 }), fc.integer({ min: -20, max: 20 }), (values, shift, power) => {
        const bounds = UNBOUNDED;
        const { mean, intervals } = forecast(values, { bounds });
        const shifted = forecast(
          values.map((value) => value + shift),
          { bounds },
        );
        const scaled = forecast(
          values.map((value) => value * 2 ** power),
          { bounds },
        );
        for (const [step, value] of mean.entries()) {
          expect(shifted.mean[step]).toBeCloseTo(value + shift, 6);
          expect(scaled.mean[step]).toBe(value * 2 ** power);
          expect(scaled.intervals[0]!.hi[step]).toBe(intervals[0]!.hi[step]! * 2 ** power);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("a constant is forecast to stay, without width", () => {
    const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(anyFinite, fc.integer({ min: 2, max: 60 }), (value, n) => {
        const result = forecast(Array.from({ length: n }, () => value));
        for (const column of columnsOf(result)) for (const point of column) expect(point === value).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
