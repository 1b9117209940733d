import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { normal, seeded } from "../../testing/series-generators.ts";
import { winsorise } from "./outliers.ts";

const none = { found: [], calendar: [] };
function normals(n: number, seed: number): Float64Array {
  const uniform = seeded(seed);
  return Float64Array.from({ length: n }, () => 100 + normal(uniform));
}
const movedIn = (y: Float64Array, seasons: Parameters<typeof winsorise>[1] = none): number[] => {
  const made = winsorise(y, seasons);
  return [...y.keys()].filter((i) => made.y[i] !== y[i] && !Number.isNaN(y[i]!));
};

describe("a point", () => {
  test("far from those around it is moved to where outliers begin, and no other is touched", () => {
    const y = normals(200, 1);
    y[70] = 150;
    y[120] = -1e300;
    const made = winsorise(y, none);
    expect(movedIn(y)).toEqual([70, 120]);
    expect(made.y[70]! > 102 && made.y[70]! < 112).toBe(true);
    expect(made.y[120]! > 88 && made.y[120]! < 98).toBe(true);
    expect(made.count).toBe(2);
  });

  test("that is the newest is moved, and several newest ones stay: they may be the new level", () => {
    const y = normals(200, 1);
    y[199] = 500;
    expect(movedIn(y)).toEqual([199]);
    y[198] = 500;
    expect(movedIn(y)).toEqual([]);
  });
});

describe("what is no outlier", () => {
  test("normal noise", () => {
    for (let seed = 1; seed <= 200; seed++) expect(movedIn(normals(500, seed))).toEqual([]);
  });

  test("a point a little beyond the fence", () => {
    expect(movedIn(normals(200, 1).map((value, t) => (t === 70 ? 109 : value)))).toEqual([]);
  });

  test("a step, and what lasts for four points", () => {
    expect(movedIn(normals(200, 1).map((value, t) => value + (t >= 100 ? 50 : 0)))).toEqual([]);
    expect(movedIn(normals(200, 1).map((value, t) => value + (t >= 100 && t < 104 ? 50 : 0)))).toEqual([]);
  });

  test("what comes back in a cycle of the calendar, a step early or late", () => {
    const y = normals(240, 1).map((value, t) => value + (t % 24 === 5 + (Math.floor(t / 24) % 3) - 1 ? 40 : 0));
    expect(movedIn(y, { found: [24], calendar: [24] })).toEqual([]);
    expect(movedIn(y, { found: [], calendar: [24] })).toEqual([]);
  });

  test("bursts that come often", () => {
    const uniform = seeded(3);
    expect(movedIn(normals(400, 1).map((value) => value + (uniform() < 0.12 ? 60 : 0)))).toEqual([]);
  });

  test("the swings of a time in which all swings are larger", () => {
    const uniform = seeded(5);
    const y = Float64Array.from({ length: 1_000 }, (_, t) => 100 + (t < 750 ? 1 : 20) * normal(uniform));
    expect(movedIn(y)).toEqual([]);
  });

  test("anything in a series of few points, of rare counts, or without a middle", () => {
    expect(movedIn(Float64Array.of(1, 2, 1, 1e300, 2, 1))).toEqual([]);
    expect(movedIn(Float64Array.from({ length: 300 }, (_, t) => (t % 60 === 7 ? t : 0)))).toEqual([]);
  });
});

test("a point far from a constant is an outlier, and the constant stays", () => {
  const y = new Float64Array(100).fill(5);
  y[40] = 1e300;
  expect(winsorise(y, none)).toMatchObject({ count: 1 });
  expect(winsorise(y, none).y[40]).toBeLessThan(1e6);
});

test("of any finite points as many come back, finite, with their gaps, and scaled by a power of two they are scaled", () => {
  const anyPoint = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noDefaultInfinity: true }), fc.constant(NaN));
  fc.assert(
    fc.property(fc.array(anyPoint, { maxLength: 60 }), (values) => {
      const y = Float64Array.from(values);
      const made = winsorise(y, { found: [7], calendar: [7, 12] });
      expect(made.y.map((value) => Number(Number.isNaN(value)))).toEqual(y.map((value) => Number(Number.isNaN(value))));
      expect(made.y.every((value) => Number.isNaN(value) || Number.isFinite(value))).toBe(true);
    }),
  );
  const y = normals(200, 1);
  y[70] = 150;
  expect(
    winsorise(
      y.map((value) => 8 * value),
      none,
    ).y,
  ).toEqual(winsorise(y, none).y.map((value) => 8 * value));
});
