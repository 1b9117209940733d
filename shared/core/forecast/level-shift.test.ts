import { describe, expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { lastLevelShift } from "./level-shift.ts";
import type { LevelShift } from "./level-shift.ts";

const SEEDS = 200;
/** A function of the place and of normal noise, for one seed; divided to order 1. */
type Shape = (t: number, noise: number) => number;
function made(shape: Shape, n: number, seed: number): Float64Array {
  const uniform = seeded(seed);
  return Float64Array.from({ length: n }, (_, t) => shape(t, normal(uniform)) / 32);
}
const summed = (y: Float64Array, share = 1): Float64Array => {
  let level = 0;
  return y.map((step) => (level = share * level + step));
};
const cycle = (t: number): number => 5 * Math.sin((2 * Math.PI * t) / 24);
const day = { calendar: [24], found: [24], distinct: [24], floor: null };
const none = { calendar: [], found: [], distinct: [], floor: null };
const shiftsIn = (series: (seed: number) => Float64Array, seasons: Parameters<typeof lastLevelShift>[1]): (LevelShift | null)[] =>
  Array.from({ length: SEEDS }, (_, seed) => lastLevelShift(series(seed + 1), seasons));

describe("a shift of level", () => {
  test.each([
    [4, 30, 0.8],
    [6, 14, 0],
    [6, 30, 0.98],
    [-6, 100, 0.98],
  ])(
    "by %p times the noise, %p points ago beside a daily cycle, is found where it is in at least this share of series: %p",
    (size, back, share) => {
      const places = shiftsIn((seed) => made((t, noise) => cycle(t) + noise + (t >= 400 - back ? size : 0), 400, seed), day);
      const near = places.filter((shift) => shift !== null && Math.abs(shift.at - (400 - back)) <= 2);
      expect(near.length).toBeGreaterThanOrEqual(share * SEEDS);
      expect(places.filter((shift) => shift !== null)).toHaveLength(near.length);
    },
  );

  test.each([
    [80, 14],
    [80, 26],
    [100, 20],
  ])("in %p hours is found %p points back, where the day that the calendar gives does not show", (n, back) => {
    const hours = { calendar: [24], found: [], distinct: [], floor: null };
    const places = shiftsIn((seed) => made((t, noise) => noise + (t >= n - back ? 30 : 0), n, seed), hours);
    expect(places.filter((shift) => shift?.at === n - back).length).toBeGreaterThanOrEqual(0.95 * SEEDS);
  });

  test.each<[string, (seed: number) => Float64Array, Parameters<typeof lastLevelShift>[1]]>([
    ["noise", (seed) => made((_, noise) => noise, 400, seed), none],
    ["a random walk", (seed) => summed(made((_, noise) => noise, 400, seed)), none],
    [
      "noise with memory",
      (seed) =>
        summed(
          made((_, noise) => noise, 400, seed),
          0.9,
        ),
      none,
    ],
    ["a trend", (seed) => made((t, noise) => t / 20 + noise, 400, seed), day],
    ["a daily cycle", (seed) => made((t, noise) => cycle(t) + noise, 400, seed), day],
    ["a daily cycle that is not known", (seed) => made((t, noise) => cycle(t) + noise, 400, seed), none],
  ])("is seen in %s in at most 2% of series, where none is", (_name, series, seasons) => {
    expect(shiftsIn(series, seasons).filter((shift) => shift !== null).length).toBeLessThanOrEqual(0.02 * SEEDS);
  });

  test("that was taken back is none", () => {
    const y = made((t, noise) => noise + (t >= 200 && t < 260 ? 20 : 0), 400, 1);
    expect(lastLevelShift(y, none)).toBeNull();
  });

  test("is the last of several", () => {
    const y = made((t, noise) => noise + (t >= 100 ? 20 : 0) + (t >= 300 ? 20 : 0), 400, 1);
    expect(lastLevelShift(y, none)!.at).toBe(300);
  });

  test("shorter than its windows, or than a cycle, is not told from a bad day", () => {
    expect(
      lastLevelShift(
        made((t, noise) => cycle(t) + noise + (t >= 380 ? 20 : 0), 400, 1),
        day,
      ),
    ).toBeNull();
    expect(
      lastLevelShift(
        made((t, noise) => noise + (t >= 25 ? 20 : 0), 30, 1),
        none,
      ),
    ).toBeNull();
  });
});

describe("what lay before it", () => {
  test("is moved by the difference where the swings stay", () => {
    const shift = lastLevelShift(
      made((t, noise) => 100 + cycle(t) + noise / 5 + (t >= 300 ? 50 : 0), 400, 1),
      { ...day, floor: 0 },
    )!;
    expect(shift.toPresent(100 / 32)).toBeCloseTo(150 / 32, 1);
    expect(shift.toPresent(105 / 32) - shift.toPresent(100 / 32)).toBeCloseTo(5 / 32, 9);
    expect(shift.toFormer(shift.toPresent(3))).toBeCloseTo(3, 9);
  });

  test("is moved by a share where the swings change with the level, or where it would fall below zero", () => {
    const tripled = lastLevelShift(
      made((t, noise) => (100 + 5 * cycle(t) + noise) * (t >= 300 ? 3 : 1), 400, 1),
      { ...day, floor: 0 },
    )!;
    expect(tripled.toPresent(0)).toBe(0);
    expect(tripled.toPresent(1)).toBeCloseTo(3, 1);
    expect(tripled.toFormer(3)).toBeCloseTo(1, 1);
    const fallen = lastLevelShift(
      made((t, noise) => (t >= 300 ? 10 : 100) + 3 * cycle(t) * (t >= 300 ? 0.5 : 1) + noise / 5, 400, 1),
      { ...day, floor: 0 },
    )!;
    expect(fallen.toPresent(80 / 32)).toBeGreaterThan(0);
  });
});
