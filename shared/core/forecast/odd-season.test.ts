import { describe, expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { oddSeason, withinSeason } from "./odd-season.ts";

const SEEDS = 300;
const none = { calendar: [], found: [] };
function made(shape: (t: number) => number, n: number, seed: number): Float64Array {
  const uniform = seeded(seed);
  return Float64Array.from({ length: n }, (_, t) => (shape(t) + 0.5 * normal(uniform)) / 8);
}
const summed = (y: Float64Array, share: number): Float64Array => {
  let level = 0;
  return y.map((step) => (level = share * level + step) / 4);
};
const wave = (m: number) => (t: number) => Math.sin((2 * Math.PI * t) / m);

describe("an odd season", () => {
  test.each<[string, (t: number) => number, number, number]>([
    ["a batch of 90 minutes in five minutes", wave(18), 432, 18],
    ["a short pulse", (t) => (t % 18 < 2 ? 3 : 0), 432, 18],
    ["ten days in days", wave(10), 200, 10],
    ["thirty days on a trend", (t) => wave(30)(t) + t / 50, 700, 30],
    ["a period of no whole number", wave(18.4), 1_000, 18],
    ["the same on a random step", (t) => wave(11)(t) + (t > 150 ? 2 : 0), 300, 11],
  ])("is found: %s", (_name, shape, n, m) => {
    for (let seed = 1; seed <= 30; seed++) expect(oddSeason(made(shape, n, seed), none)).toBe(m);
  });

  test("is found in what a found season leaves", () => {
    const y = made((t) => wave(5)(t) + 2 * wave(24)(t), 500, 1);
    expect(oddSeason(y, { calendar: [24, 168], found: [24, 168] })).toBe(5);
  });

  test("is none where the calendar's season changes its swing from week to weekend", () => {
    const y = made((t) => (Math.floor(t / 24) % 7 > 4 ? 2 : 5) * wave(24)(t), 500, 1);
    expect(oddSeason(y, { calendar: [24, 168], found: [24] })).toBeNull();
  });

  test.each<[string, (seed: number, n: number) => Float64Array]>([
    ["noise", (seed, n) => made(() => 0, n, seed)],
    [
      "random walks",
      (seed, n) =>
        summed(
          made(() => 0, n, seed),
          1,
        ),
    ],
    [
      "noise with memory",
      (seed, n) =>
        summed(
          made(() => 0, n, seed),
          0.9,
        ),
    ],
    [
      "noise with little memory",
      (seed, n) =>
        summed(
          made(() => 0, n, seed),
          0.5,
        ),
    ],
  ])("is seen in at most 2% of series of %s", (_name, series) => {
    for (const n of [60, 200, 1_000]) {
      const seen = Array.from({ length: SEEDS }, (_, seed) => oddSeason(series(seed + 1, n), none)).filter((m) => m !== null);
      expect(seen.length).toBeLessThanOrEqual(0.02 * SEEDS);
    }
  });

  test("is not looked for in less than 48 points, nor in a constant", () => {
    expect(oddSeason(made(wave(5), 47, 1), none)).toBeNull();
    expect(oddSeason(new Float64Array(100), none)).toBeNull();
  });
});

describe("a season", () => {
  test.each([
    ["a day that is the same every four hours", wave(4), 4],
    ["a day of pulses each six hours", (t: number) => (t % 6 === 0 ? 3 : 0), 6],
    ["a day", wave(24), 24],
    ["a day of two like halves, but for one hour", (t: number) => wave(12)(t) + (t % 24 === 3 ? 3 : 0), 24],
  ])("%s consists of cycles of its own length", (_name, shape, m) => {
    for (let seed = 1; seed <= 30; seed++) expect(withinSeason(made(shape, 480, seed), 24)).toBe(m);
  });
});
