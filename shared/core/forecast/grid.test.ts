import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { regularGrid } from "./grid.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5); // a Monday

function grid(points: readonly (readonly [offset: number, value: number])[], frequencyMs: number, spacingMs = frequencyMs, limit = 100) {
  const timestamps = Float64Array.from(points, ([offset]) => START + offset);
  const values = Float64Array.from(points, ([, value]) => value);
  const { timestamps: times, values: means, observed, warnings } = regularGrid(timestamps, values, { frequencyMs, spacingMs, limit });
  return { offsets: [...times].map((time) => time - START), values: [...means], observed: [...observed], warnings };
}

describe("at the observations' own spacing", () => {
  test("jitter neither doubles nor skips a time, and the newest keeps its own", () => {
    const jittered = grid(
      [
        [0, 1],
        [70_000, 2],
        [115_000, 3],
        [190_000, 4],
        [241_000, 5],
      ],
      MINUTE,
    );
    expect(jittered).toEqual({
      offsets: [1_000, 61_000, 121_000, 181_000, 241_000],
      values: [1, 2, 3, 4, 5],
      observed: [1, 1, 1, 1, 1],
      warnings: [],
    });
  });

  test("missing points are gaps, and their share is told", () => {
    const holed = grid(
      [
        [0, 1],
        [3 * MINUTE, 4],
      ],
      MINUTE,
    );
    expect(holed.values).toEqual([1, NaN, NaN, 4]);
    expect(holed.observed).toEqual([1, 0, 0, 1]);
    expect(holed.warnings).toEqual(["50% of the expected points are missing and were interpolated"]);
  });

  test("repeated times count as their mean, and what is not finite as missing", () => {
    const points: [number, number][] = [
      [0, 1],
      [MINUTE, 2],
      [MINUTE, 4],
      [2 * MINUTE, NaN],
      [3 * MINUTE, 1e308],
      [3 * MINUTE, 1e308],
      [4 * MINUTE, Infinity],
    ];
    expect(grid(points, MINUTE).values).toEqual([1, 3, NaN, 1e308]);
  });
});

describe("coarser than the observations", () => {
  test("hours are whole UTC hours, stamped with their start", () => {
    const points = Array.from({ length: 8 }, (_, i): [number, number] => [i * 15 * MINUTE + 5 * MINUTE, i]);
    expect(grid(points, HOUR, 15 * MINUTE)).toMatchObject({ offsets: [0, HOUR], values: [1.5, 5.5] });
  });

  test("a period that the observations do not fill, at either end, is left out", () => {
    const points = Array.from({ length: 48 }, (_, i): [number, number] => [(i + 5) * HOUR, i]);
    expect(grid(points, DAY, HOUR)).toMatchObject({ offsets: [DAY], values: [30.5] });
    expect(grid(points.slice(0, 40), DAY, HOUR).values).toEqual([]);
  });

  test("jitter makes no period less than whole", () => {
    const points = Array.from({ length: 8 }, (_, i): [number, number] => [i * 15 * MINUTE + (i === 0 ? 20_000 : -20_000), i]);
    expect(grid(points, HOUR, 15 * MINUTE)).toMatchObject({ offsets: [0, HOUR], values: [2, 6] });
  });

  test("weeks begin on Monday", () => {
    const points = Array.from({ length: 14 }, (_, i): [number, number] => [i * DAY, i]);
    expect(grid(points, 7 * DAY, DAY)).toMatchObject({ offsets: [0, 7 * DAY], values: [3, 10] });
  });
});

test("only the newest points within the limit are kept, and the first kept is observed", () => {
  expect(
    grid(
      [
        [0, 1],
        [7 * MINUTE, 2],
        [9 * MINUTE, 3],
      ],
      MINUTE,
      MINUTE,
      5,
    ),
  ).toMatchObject({ offsets: [7 * MINUTE, 8 * MINUTE, 9 * MINUTE], values: [2, NaN, 3] });
});

describe("with an end of its own", () => {
  const gridTo = (end: number, spacingMs: number) => {
    const points = [
      [0, 1],
      [55_000, 2],
      [3 * MINUTE, 4],
    ] as const;
    const { timestamps, values } = regularGrid(
      Float64Array.from(points, ([offset]) => START + offset),
      Float64Array.from(points, ([, value]) => value),
      { frequencyMs: MINUTE, spacingMs, limit: 100, end: START + end },
    );
    return [...timestamps].map((time, i) => [(time - START) / MINUTE, values[i]]);
  };

  test("what is later is left out, and the end may be a gap", () => {
    expect(gridTo(2 * MINUTE, MINUTE)).toEqual([
      [0, 1],
      [1, 2],
      [2, NaN],
    ]);
  });

  test("so it is of periods", () => {
    expect(gridTo(MINUTE, MINUTE / 2)).toEqual([
      [0, 1.5],
      [1, NaN],
    ]);
    expect(gridTo(-5 * MINUTE, MINUTE / 2)).toEqual([]);
  });
});

test("nothing gives an empty grid", () => {
  expect(grid([[0, NaN]], MINUTE).values).toEqual([]);
});

test("the order of the observations changes nothing", () => {
  const point = fc.tuple(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: -8, max: 8 }));
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
      const [forwards, backwards] = [grid(points, MINUTE), grid(points.toReversed(), MINUTE)];
      expect(backwards.offsets).toEqual(forwards.offsets);
      expect(backwards.observed).toEqual(forwards.observed);
      for (const [i, value] of forwards.values.entries()) if (forwards.observed[i] === 1) expect(backwards.values[i]).toBeCloseTo(value, 9);
    }),
  );
});
