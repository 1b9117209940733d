import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { arimaMember } from "./arima-member.ts";
import { ARIMA_GOLDENS } from "./golden-arima.ts";
import { AIR_PASSENGERS } from "./golden.ts";
import { forecastNative } from "./native.ts";
import type { NativeForecast, NativeOptions } from "./native.ts";

const HOUR = 3_600_000;
const MONTH = 30.4375 * 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

function forecast(values: readonly number[], options: Partial<NativeOptions> = {}, spacing = HOUR): NativeForecast {
  const timestamps = Float64Array.from(values, (_, i) => START + i * spacing);
  const asked = { horizon: 12, levels: [80, 95], models: "auto-arima", ...options } as const;
  const made = forecastNative({ timestamps, values: Float64Array.from(values) }, asked);
  if (!made.ok) throw new Error("refused");
  return made.value;
}

const columnsOf = ({ mean, intervals }: NativeForecast): Float64Array[] => [mean, ...intervals.flatMap(({ lo, hi }) => [lo, hi])];
const namesOf = ({ models }: NativeForecast): string[] => models.map(({ name }) => name);
/** Uniform noise in [0, 1) from a linear congruential generator. */
function noise(n: number): number[] {
  let state = 7_919;
  return Array.from({ length: n }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  });
}

describe("asked for auto-arima, the engine", () => {
  test("answers by the one model of the history's choice, as it forecasts", () => {
    const made = forecast(AIR_PASSENGERS.train, {}, MONTH);
    expect(made.models).toEqual([{ name: "arima(1,1,0)(0,1,0)[12]", weight: 1 }]);
    for (const [step, value] of ARIMA_GOLDENS["AirPassengers"]!.mean.entries()) {
      expect(Math.abs(made.mean[step]! / value - 1)).toBeLessThan(1e-3);
    }
    expect(made.accuracy.skill).toBeGreaterThan(0.3);
    const [of80, of95] = made.intervals;
    for (const [step, value] of made.mean.entries()) {
      expect(of80!.lo[step]).toBeLessThan(value);
      expect(of95!.hi[step]).toBeGreaterThan(of80!.hi[step]!);
    }
  });

  test("takes seasons that are too long for the model off, and adds them again", () => {
    const day = 288;
    const values = noise(4 * day).map((part, t) => 50 + 20 * Math.sin((2 * Math.PI * t) / day) + part);
    const made = forecast(values, { horizon: day }, HOUR / 12);
    expect(namesOf(made)[0]).toMatch(/^arima\(.* beside \(288\)$/);
    for (const [step, value] of made.mean.entries()) {
      expect(Math.abs(value - 50.5 - 20 * Math.sin((2 * Math.PI * step) / day))).toBeLessThan(2);
    }
  });

  test("does not repeat an outlier as a part of such a season", () => {
    const day = 48;
    const outlier = 20 * day + 10;
    const values = noise(24 * day).map((part, t) => 50 + 20 * Math.sin((2 * Math.PI * t) / day) + part + (t === outlier ? 60 : 0));
    const { member } = arimaMember(Float64Array.from(values), { found: [day], isLate: () => false })!;
    const ahead = member.forecast(Float64Array.from(values), day)!;
    for (const [step, value] of ahead.entries()) expect(Math.abs(value - 50.5 - 20 * Math.sin((2 * Math.PI * step) / day))).toBeLessThan(2);
  });

  test("whose time is up answers by the best model until then, and says so", () => {
    const { mean, models, warnings } = forecast(AIR_PASSENGERS.train, { isLate: () => true }, MONTH);
    expect(models).toEqual([{ name: "arima(0,1,0)(0,1,0)[12]", weight: 1 }]);
    expect(mean.every(Number.isFinite)).toBe(true);
    expect(warnings).toContain("The time for the search was up before all orders had their turn");
    expect(forecast(AIR_PASSENGERS.train, {}, MONTH).warnings).not.toContain(warnings.at(-1));
  });

  test("gives the same answer to the same series", () => {
    const { train } = ARIMA_GOLDENS["UKgas"]!;
    expect(forecast(train, {}, 3 * MONTH)).toEqual(forecast(train, {}, 3 * MONTH));
  });

  test("keeps to the bounds", () => {
    const rising = noise(80).map((part, t) => 5 * part + t);
    for (const column of columnsOf(forecast(rising, { horizon: 40, bounds: { min: 10, max: 90 } }))) {
      expect(Math.max(...column)).toBeLessThanOrEqual(90);
      expect(Math.min(...column)).toBeGreaterThanOrEqual(10);
    }
  });

  test.each([0, 0.1, -7, 1e300])("lets a constant %p stay, without width", (value) => {
    const made = forecast(Array.from({ length: 30 }, () => value));
    for (const column of columnsOf(made)) expect(column.every((point) => point === value)).toBe(true);
    expect(namesOf(made)).toEqual(["naive"]);
  });

  test("repeats an exact repetition", () => {
    const { mean, intervals } = forecast(Array.from({ length: 96 }, (_, t) => t % 24));
    for (const [step, value] of mean.entries()) expect(value).toBeCloseTo(step, 9);
    expect(intervals[1]!.hi[0]! - intervals[1]!.lo[0]!).toBeLessThan(1e-9);
  });

  test.each([2, 3])("has %d points forecast by their last, and says why", (n) => {
    const made = forecast([4, 9, 6].slice(0, n), { horizon: 2 });
    expect(namesOf(made)).toEqual(["naive"]);
    expect(made.warnings).toContain("No ARIMA model fits so short a history: naive made it");
  });

  test("takes a few points about a level for their mean", () => {
    const made = forecast([4, 7, 6, 4, 3, 6, 5], { horizon: 2 });
    expect(namesOf(made)).toEqual(["arima(0,0,0) with mean"]);
    expect(made.mean[0]).toBeCloseTo(5, 9);
  });

  test.each([
    ["huge", 1e300],
    ["tiny", 1e-300],
  ])("forecasts %s values as it does others", (_name, size) => {
    const values = noise(100).map((part, t) => part + (t % 2 === 0 ? 1 : 0));
    const [usual, scaled] = [forecast(values), forecast(values.map((value) => value * size))];
    expect(namesOf(scaled)).toEqual(namesOf(usual));
    for (const [step, value] of usual.mean.entries()) expect(scaled.mean[step]! / size / value).toBeCloseTo(1, 3);
  });

  test("answers any history with finite numbers in order", () => {
    const nasty = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
      { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324) },
    );
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 2, maxLength: 70 }), fc.integer({ min: 1, max: 40 }), (values, horizon) => {
        const made = forecast(values, { horizon, frequencyMs: HOUR });
        for (const column of columnsOf(made)) expect(column.every(Number.isFinite)).toBe(true);
        const [of80, of95] = [made.intervals[0]!, made.intervals[1]!];
        for (let step = 0; step < horizon; step++) {
          const ladder = [of95.lo[step]!, of80.lo[step]!, made.mean[step]!, of80.hi[step]!, of95.hi[step]!];
          expect(ladder.toSorted((a, b) => a - b)).toEqual(ladder);
        }
      }),
      { numRuns: 30 },
    );
  });
});
