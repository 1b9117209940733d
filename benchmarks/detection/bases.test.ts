import { expect, test } from "@jest/globals";
import { BASE_KINDS, generateBase, POINTS_A_DAY } from "./bases.ts";

const HOUR_POINTS = 12;
/** The row of an hour of a day, in UTC. */
const at = (day: number, hour: number): number => day * POINTS_A_DAY + hour * HOUR_POINTS;

test("business keeps to the wall clock when clocks change: in UTC it is an hour earlier", () => {
  const { expected, timezone } = generateBase("business", 21, 28);
  expect(timezone).toBe("America/New_York");
  for (const hour of [15, 18, 21]) {
    expect(expected[at(21, hour - 1)]).toBeCloseTo(expected[at(14, hour)]!, 9);
    expect(expected[at(21, hour)]).not.toBeCloseTo(expected[at(14, hour)]!, 3);
  }
});

test("business has one holiday among its working days, as slow as a Sunday", () => {
  for (const seed of [21, 22, 23, 24]) {
    const { expected } = generateBase("business", seed, 28);
    // Noon in New York, Monday to Friday, before clocks change.
    const noons = Array.from({ length: 20 }, (_, day) => day)
      .filter((day) => day % 7 < 5)
      .map((day) => expected[at(day, 17)]!);
    const slow = noons.filter((noon) => noon < 0.9 * Math.max(...noons));
    expect(slow).toHaveLength(1);
    expect(slow[0]).toBeCloseTo(expected[at(6, 17)]!, 9);
  }
});

test("noise pulls no series away from what is expected of it", () => {
  for (const kind of BASE_KINDS) {
    const { values, expected } = generateBase(kind, 21, 28);
    const sumOf = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);
    expect(sumOf(values) / sumOf(expected)).toBeGreaterThan(0.95);
    expect(sumOf(values) / sumOf(expected)).toBeLessThan(1.05);
  }
});
