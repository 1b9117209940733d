import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { byteReader, byteWriter } from "./bytes.ts";
import { createForecaster, decodeForecaster, encodeForecaster, forecastNext, learnForecast } from "./forecaster.ts";
import type { Forecast, Forecaster } from "./forecaster.ts";
import type { Observation } from "./method.ts";

const CADENCE = 600_000;
const DAY_POINTS = 144;
const MONDAY = Date.UTC(2026, 0, 5);
/** The mean absolute value of a standard normal. */
const MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI);

const observation = (row: number, value: number, holiday = false): Observation => {
  const timestamp = MONDAY + row * CADENCE;
  return { timestamp, localTime: timestamp, holiday, value };
};
/** What was expected of each of a row of values, every ten minutes. */
function run(values: readonly number[], forecaster: Forecaster = createForecaster(), from = 0): (Forecast | null)[] {
  return values.map((value, row) => {
    const point = observation(from + row, value);
    const forecast = forecastNext(forecaster, point, 0, CADENCE);
    learnForecast(forecaster, point, forecast, CADENCE);
    return forecast;
  });
}
function bytesOf(forecaster: Forecaster): Uint8Array {
  const writer = byteWriter(8_192);
  encodeForecaster(forecaster, writer);
  return writer.done();
}
const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const wave = (row: number): number =>
  200 + 100 * Math.sin((2 * Math.PI * row) / DAY_POINTS) - (Math.floor(row / DAY_POINTS) % 7 >= 5 ? 60 : 0);
const noisy = (n: number, valueAt: (row: number, noise: number) => number, seed = 6): number[] => {
  const uniform = seeded(seed);
  return Array.from({ length: n }, (_, row) => valueAt(row, normal(uniform)));
};

describe("what is expected", () => {
  test("is nothing before the first point, and the first value after it", () => {
    expect(forecastNext(createForecaster(), observation(0, 1), 0, null)).toBeNull();
    expect(run([42, 43])[1]).toMatchObject({ expected: 42, usual: 42, scale: 0 });
  });

  test("of a seasonal series with noise is off by little more than the noise, and its scale says by how much", () => {
    const values = noisy(28 * DAY_POINTS, (row, noise) => wave(row) + 4 * noise);
    const late = run(values).slice(21 * DAY_POINTS) as Forecast[];
    const own = (off: (forecast: Forecast) => number) =>
      meanOf(late.map((forecast, row) => Math.abs(values[21 * DAY_POINTS + row]! - off(forecast))));
    const least = 4 * MEAN_ABSOLUTE;
    expect(own(({ expected }) => expected)).toBeLessThan(1.25 * least);
    expect(own(({ usual }) => usual)).toBeLessThan(1.25 * least);
    for (const ratio of [
      meanOf(late.map(({ scale }) => scale)) / own(({ expected }) => expected),
      meanOf(late.map(({ usualScale }) => usualScale)) / own(({ usual }) => usual),
    ]) {
      expect(Math.abs(ratio - 1)).toBeLessThan(0.25);
    }
  });

  test("of a random walk is the last value", () => {
    let level = 500;
    const values = noisy(2_000, (_, noise) => (level += noise));
    const late = run(values).slice(500) as Forecast[];
    expect(meanOf(late.map(({ expected }, row) => Math.abs(values[500 + row]! - expected)))).toBeLessThan(1.15 * MEAN_ABSOLUTE);
  });

  test("of a period that no clock gives is what came a period ago", () => {
    const values = noisy(2_000, (row, noise) => 10 * (row % 37) + noise);
    const late = run(values).slice(1_200) as Forecast[];
    expect(meanOf(late.map(({ expected }, row) => Math.abs(values[1_200 + row]! - expected)))).toBeLessThan(1.5 * MEAN_ABSOLUTE);
  });

  test("of a constant is the constant, without any scale", () => {
    for (const value of [0, 7, -1e30, 1e12]) {
      const forecasts = run(Array<number>(400).fill(value)).slice(1) as Forecast[];
      for (const { expected, usual, scale, usualScale } of forecasts) {
        expect([expected, usual, scale, usualScale].map(Math.abs)).toEqual([Math.abs(value), Math.abs(value), 0, 0]);
      }
    }
  });

  test("of small changes of a large number is what it is without the large part", () => {
    const small = noisy(10 * DAY_POINTS, (row, noise) => Math.round(64 * (wave(row) + 4 * noise)) / 64);
    const [plain, offset] = [run(small), run(small.map((value) => value + 1e12))];
    for (let row = 5 * DAY_POINTS; row < small.length; row += 17) {
      expect(Math.abs(offset[row]!.expected - 1e12 - plain[row]!.expected)).toBeLessThan(2);
    }
    const scaleOf = (forecasts: readonly (Forecast | null)[]) => meanOf(forecasts.slice(5 * DAY_POINTS).map((forecast) => forecast!.scale));
    expect(scaleOf(offset) / scaleOf(plain)).toBeCloseTo(1, 1);
  });

  test("of a holiday is what Sundays have, and it teaches the day of the week nothing", () => {
    const forecaster = createForecaster();
    run(
      noisy(35 * DAY_POINTS, (row, noise) => (Math.floor(row / DAY_POINTS) % 7 === 6 ? 100 : 200) + noise),
      forecaster,
    );
    // A Monday.
    const from = 35 * DAY_POINTS;
    const [asHoliday, asMonday] = [true, false].map(
      (holiday) => forecastNext(forecaster, observation(from + 72, 0, holiday), 72, CADENCE)!.parts.usuals[2]!,
    );
    const origin = forecaster.origin;
    expect(asHoliday! + origin).toBeLessThan(110);
    expect(asMonday! + origin).toBeGreaterThan(190);
    for (let row = from; row < from + DAY_POINTS; row++) {
      const point = observation(row, 100, true);
      learnForecast(forecaster, point, forecastNext(forecaster, point, 0, CADENCE), CADENCE);
    }
    expect(forecastNext(forecaster, observation(from + 7 * DAY_POINTS + 72, 0), 0, CADENCE)!.parts.usuals[2]! + origin).toBeGreaterThan(
      190,
    );
  });

  test("after a giant is what it was before, but for the point that the last value misleads", () => {
    for (const giant of [1e4, 1e12, 1e30, -1e30]) {
      const values = noisy(6 * DAY_POINTS, (_, noise) => 100 + noise);
      values[4 * DAY_POINTS] = giant;
      const after = run(values).slice(4 * DAY_POINTS + 2) as Forecast[];
      expect(Math.max(...after.map(({ expected }) => Math.abs(expected - 100)))).toBeLessThan(8);
      expect(Math.max(...after.map(({ scale }) => scale))).toBeLessThan(2);
    }
  });
});

describe("the scale", () => {
  /** Two levels, half a day each: how the scale at the one relates to that at the other. */
  const ratioOf = (noiseAt: (level: number) => number): number => {
    const levelAt = (row: number) => (row % DAY_POINTS < DAY_POINTS / 2 ? 100 : 1_000);
    const values = noisy(28 * DAY_POINTS, (row, noise) => levelAt(row) + noiseAt(levelAt(row)) * noise);
    const forecasts = run(values);
    const scaleAt = (hour: number) => meanOf([24, 25, 26, 27].map((day) => forecasts[day * DAY_POINTS + hour * 6]!.usualScale));
    return scaleAt(18) / scaleAt(6);
  };

  test("grows with the level where the noise does", () => {
    expect(ratioOf((level) => 0.05 * level)).toBeGreaterThan(8);
  });
  test("grows with its root where counts make the noise", () => {
    const ratio = ratioOf((level) => Math.sqrt(level));
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(4);
  });
  test("is the same at every level where the noise is", () => {
    expect(ratioOf(() => 10)).toBeCloseTo(1, 1);
  });
});

test("what was saved and loaded goes on as what was not, and says numbers, whatever was learned", () => {
  const value = fc.oneof(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constantFrom(0, 5e-324, 1e30, -1e30, 3));
  const step = fc.tuple(value, fc.nat({ max: 20 * DAY_POINTS }), fc.boolean(), fc.constantFrom(0, 0, 0, 3, 700));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const forecaster = createForecaster();
      for (const [one, row, holiday, skipped] of steps) {
        const point = observation(row, one, holiday);
        const forecast = forecastNext(forecaster, point, skipped, CADENCE);
        for (const number of forecast === null ? [] : [forecast.expected, forecast.scale, forecast.usual, forecast.usualScale]) {
          if (!Number.isFinite(number)) throw new Error(`${String(number)} is expected`);
        }
        learnForecast(forecaster, point, forecast, CADENCE);
      }
      const reader = byteReader(bytesOf(forecaster));
      const again = decodeForecaster(reader);
      expect(reader.left).toBe(0);
      const more = [1, 5, -1e30, 7];
      expect(run(more, again, 7)).toEqual(run(more, forecaster, 7));
      expect(bytesOf(again)).toEqual(bytesOf(forecaster));
    }),
    { numRuns: 60 },
  );
});
