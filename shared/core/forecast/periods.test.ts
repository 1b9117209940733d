import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { asLevels } from "../series/rate.ts";
import { endOfWholePeriods, hourlyRates, periodMeans, periodStart } from "./periods.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);

test("periods begin at multiples of their length in UTC, and weeks on Mondays", () => {
  expect(periodStart(MONDAY + 13.5 * HOUR, HOUR)).toBe(MONDAY + 13 * HOUR);
  expect(periodStart(MONDAY + 13.5 * HOUR, DAY)).toBe(MONDAY);
  expect(periodStart(MONDAY + 6.9 * DAY, 7 * DAY)).toBe(MONDAY);
  expect(periodStart(MONDAY - 1, 14 * DAY)).toBe(MONDAY - 14 * DAY);
  expect(periodStart(-1, HOUR)).toBe(-HOUR);
});

test.each([
  ["is not over, up to its start", 10.5 * HOUR, 10.4 * HOUR, 0],
  ["was over at the very cutoff, up to there", DAY, DAY - MINUTE, DAY],
  ["is over, with points after it, up to its end", DAY + HOUR, DAY + HOUR, DAY],
  ["is over but was observed for half of it only, up to its start", DAY + HOUR, 12 * HOUR, 0],
  ["is over and lacks its last minutes, up to its end", DAY + HOUR, DAY - 10 * MINUTE, DAY],
  ["is over and was followed by a silence of days, up to its end", 4 * DAY, DAY - MINUTE, DAY],
])("where the newest day %s is whole", (_name, cutoff, newest, end) => {
  const options = { cutoff: MONDAY + cutoff, newest: MONDAY + newest, spacingMs: MINUTE, frequencyMs: DAY };
  expect(endOfWholePeriods(options)).toBe(MONDAY + end);
});

describe("means of periods", () => {
  const means = (rows: readonly (readonly [offset: number, value: number, weight?: number])[], end = Infinity) => {
    const { timestamps, values } = periodMeans(
      {
        timestamps: rows.map(([offset]) => offset),
        values: rows.map(([, value]) => value),
        weights: rows.map(([, , weight = 1]) => weight),
      },
      { frequencyMs: HOUR, end },
    );
    return { timestamps: [...timestamps], values: [...values] };
  };

  test("are weighted, and periods without a point are missing", () => {
    const rows = [
      [0, 1, 3],
      [HOUR - 1, 5, 1],
      [3 * HOUR, 7, 2],
    ] as const;
    expect(means(rows)).toEqual({ timestamps: [0, 3 * HOUR], values: [2, 7] });
  });

  test("have nothing from the end on, and not the oldest period where it was cut", () => {
    const rows = Array.from({ length: 10 }, (_, i) => [30 * MINUTE + i * 15 * MINUTE, i] as const);
    expect(means(rows, 2 * HOUR)).toEqual({ timestamps: [HOUR], values: [3.5] });
  });

  test("of huge values are finite", () => {
    const rows = [
      [0, Number.MAX_VALUE],
      [1, -Number.MAX_VALUE],
      [2, Number.MAX_VALUE],
    ] as const;
    expect(Number.isFinite(means(rows).values[0]!)).toBe(true);
  });
});

describe("rates by the hour", () => {
  /** Every ten minutes, what hours come to. */
  function hoursOf(values: readonly number[]) {
    const groups = Array.from({ length: Math.ceil(values.length / 6) }, (_, hour) => values.slice(6 * hour, 6 * hour + 6));
    const aggregates = {
      last: groups.map((group) => group.at(-1)!),
      min: groups.map((group) => Math.min(...group)),
      max: groups.map((group) => Math.max(...group)),
      sum: groups.map((group) => group.reduce((sum, value) => sum + value, 0)),
    };
    return { timestamps: groups.map((_, hour) => hour * HOUR), aggregates };
  }
  const everyTenMinutes = (values: readonly number[]) => ({
    timestamps: Float64Array.from(values, (_, i) => i * 10 * MINUTE),
    values: Float64Array.from(values),
  });
  /** The mean of the rates point by point, of each hour but the first. */
  const pointByPoint = (values: readonly number[], kind: "counter" | "delta"): number[] =>
    [...periodMeans(asLevels(kind, everyTenMinutes(values)), { frequencyMs: HOUR, end: Infinity }).values].slice(-values.length / 6 + 1);

  test("are the means of those point by point, also of a counter that is started anew in any of them", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 23 }), (added, startedAt) => {
        let value = 1_000;
        const counter = added.map((step, i) => (value = i === startedAt ? step : value + step));
        for (const [kind, values] of [["counter", counter] as const, ["delta", added] as const]) {
          const { values: rates } = hourlyRates(kind, hoursOf(values));
          const expected = pointByPoint(values, kind);
          for (const [hour, rate] of expected.entries()) expect(rates[hour]).toBeCloseTo(rate, 9);
        }
      }),
    );
  });

  test("after hours without a point are over all of those hours", () => {
    const hours = { timestamps: [0, 4 * HOUR], aggregates: { last: [100, 14_500], min: [0, 14_000], max: [100, 14_500] } };
    expect(hourlyRates("counter", hours)).toEqual({ timestamps: [4 * HOUR], values: Float64Array.of(1), weights: Float64Array.of(4) });
  });

  test("need an hour before", () => {
    expect(hourlyRates("delta", { timestamps: [0], aggregates: { sum: [5] } }).values).toHaveLength(0);
    expect(hourlyRates("delta", { timestamps: [], aggregates: { sum: [] } }).values).toHaveLength(0);
  });
});
