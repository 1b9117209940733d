import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import type { Sight } from "./method.ts";
import { bytesOf, readAll, reloaded, sightOf } from "../../testing/sights.ts";
import { noData } from "./no-data.ts";

const CADENCE = 300_000;
const gap = (cadences: number, cadence: number | null = CADENCE): Sight => sightOf(0, 1, { sinceLast: cadences * CADENCE, cadence });
const regular = (n: number): Sight[] => Array.from({ length: n }, () => gap(1));

function statisticAfter(before: readonly Sight[], next: Sight): number {
  const state = noData.create();
  readAll(noData, state, before);
  return noData.read(state, next);
}

describe("a gap", () => {
  test.each([
    [1.5, 0],
    [2, 1],
    [3, 1.5],
    [12, 6],
    [288, 144],
  ])("of %d cadences counts %d in a regular series: twice the cadence is what one point left out makes", (cadences, statistic) => {
    expect(statisticAfter(regular(100), gap(cadences))).toBe(statistic);
  });

  test("counts against the longest of late: the same again is no more than it was, a longer one is", () => {
    const before = [...regular(100), gap(10), ...regular(5)];
    expect(statisticAfter(before, gap(10))).toBeCloseTo(1, 1);
    expect(statisticAfter(before, gap(30))).toBeCloseTo(3, 1);
  });

  test("is forgotten by and by", () => {
    const after = (points: number) => statisticAfter([...regular(100), gap(10), ...regular(points)], gap(10));
    expect(after(50)).toBeLessThan(1.1);
    expect(after(400)).toBeGreaterThan(1.5);
    expect(after(5_000)).toBe(5);
  });

  test("of weeks makes the series no blinder than one of a hundred cadences", () => {
    expect(statisticAfter([...regular(100), gap(10_000)], gap(200))).toBe(2);
  });
});

describe("nothing is missing", () => {
  test("in a series that comes irregularly, as far as it usually does", () => {
    const irregular = Array.from({ length: 300 }, (_, row) => gap([0.2, 1, 3, 1, 0.5, 6][row % 6]!));
    const statistics = readAll(noData, noData.create(), irregular);
    expect(Math.max(...statistics.slice(20))).toBeLessThan(1.1);
    expect(statisticAfter(irregular, gap(30))).toBeGreaterThan(4);
  });

  test("before twenty points, before a cadence is known, and of a point out of order", () => {
    expect(statisticAfter(regular(19), gap(100))).toBe(0);
    expect(statisticAfter(regular(20), gap(100))).toBe(50);
    expect(statisticAfter(regular(100), gap(100, null))).toBe(0);
    expect(statisticAfter(regular(100), sightOf(0, 1, { sinceLast: null }))).toBe(0);
  });

  test("that a cadence below a millisecond could make infinite", () => {
    expect(statisticAfter(regular(100), gap(1, 0))).toBe(CADENCE / 2);
  });
});

test("reading changes nothing, and what was saved and loaded is the same, whatever was learned", () => {
  const since = fc.option(fc.nat({ max: 253_402_300_799_999 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(since, fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }))), { maxLength: 300 }), (history) => {
      const state = noData.create();
      for (const [sinceLast, cadence] of history) noData.learn(state, sightOf(0, 0, { sinceLast, cadence }), false);
      const before = bytesOf(noData, state);
      expect(Number.isFinite(noData.read(state, gap(7)))).toBe(true);
      expect(bytesOf(noData, state)).toEqual(before);
      expect(reloaded(noData, state)).toEqual(state);
    }),
    { numRuns: 50 },
  );
});
