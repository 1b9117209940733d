import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { intervalsFromResiduals, quantile, sizeByLead } from "./intervals.ts";

describe("quantile", () => {
  test.each([
    [0, 1],
    [0.1, 1.4],
    [0.5, 3],
    [0.975, 4.9],
    [1, 5],
  ])("of 1..5 at %p is R's type 7, %p", (p, expected) => {
    expect(quantile(Float64Array.of(1, 2, 3, 4, 5), p)).toBeCloseTo(expected, 12);
  });
});

describe("sizeByLead", () => {
  test("residuals that grow with the root of the lead are followed beyond those tested", () => {
    const size = sizeByLead([Float64Array.from({ length: 16 }, (_, lead) => 4 + 2 * Math.sqrt(lead + 1))]);
    expect(size(0)).toBeCloseTo(6, 9);
    expect(size(99)).toBeCloseTo(24, 9);
  });

  test("residuals that shrink with the lead are taken for constant", () => {
    const size = sizeByLead([Float64Array.of(3, 2, 1)]);
    expect(size(0)).toBeCloseTo(2, 9);
    expect(size(50)).toBeCloseTo(2, 9);
  });
});

describe("intervalsFromResiduals", () => {
  test("a higher level contains a lower one and every level contains the mean, at any lead", () => {
    const residual = fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: NaN });
    const row = fc.array(residual, { minLength: 5, maxLength: 5 });
    const level = fc.double({ min: 1, max: 99.9, noNaN: true });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), level, level, (rows, a, b) => {
        const mean = Float64Array.from({ length: 12 }, (_, lead) => lead);
        const levels = [Math.min(a, b), Math.max(a, b)];
        const [inner, outer] = intervalsFromResiduals(
          mean,
          rows.map((row) => Float64Array.from(row)),
          levels,
        );
        for (const [lead, value] of mean.entries()) {
          expect(outer!.lo[lead]).toBeLessThanOrEqual(inner!.lo[lead]!);
          expect(inner!.lo[lead]).toBeLessThanOrEqual(value);
          expect(inner!.hi[lead]).toBeGreaterThanOrEqual(value);
          expect(outer!.hi[lead]).toBeGreaterThanOrEqual(inner!.hi[lead]!);
        }
      }),
    );
  });

  test("many residuals of a uniform distribution give nearly its quantiles", () => {
    const uniform = Array.from({ length: 40 }, (_, origin) =>
      Float64Array.from({ length: 50 }, (_, i) => ((i * 40 + origin) % 2_000) / 1_000 - 1),
    );
    const [interval] = intervalsFromResiduals(new Float64Array(1), uniform, [80]);
    expect(interval!.hi[0]).toBeGreaterThan(0.78);
    expect(interval!.hi[0]).toBeLessThan(0.84);
    expect(interval!.lo[0]).toBeCloseTo(-interval!.hi[0]!, 1);
  });

  test("residuals to one side lean the interval that way", () => {
    const [interval] = intervalsFromResiduals(new Float64Array(1), [Float64Array.from({ length: 60 }, (_, i) => (i % 10) / 10)], [80]);
    expect(interval!.hi[0]).toBeGreaterThan(1.5 * -interval!.lo[0]!);
  });

  test("perfect forecasts have intervals without width", () => {
    const [interval] = intervalsFromResiduals(Float64Array.of(7, 7), [new Float64Array(3)], [95]);
    expect(interval).toEqual({ level: 95, lo: Float64Array.of(7, 7), hi: Float64Array.of(7, 7) });
  });

  test("few residuals give an interval well beyond the largest of them", () => {
    const [interval] = intervalsFromResiduals(new Float64Array(1), [Float64Array.of(1)], [95]);
    expect(interval!.hi[0]).toBeGreaterThan(2);
  });

  describe("further ahead than was tested", () => {
    const residuals = [Float64Array.of(1, -1, 1, -1)];
    const width = (history?: Float64Array): number[] => {
      const [{ lo, hi } = { lo: [0], hi: [0] }] = intervalsFromResiduals(new Float64Array(12), residuals, [80], history);
      return Array.from(hi, (value, lead) => value - lo[lead]!);
    };
    const cycle = Float64Array.from({ length: 30 }, (_, t) => Math.sin((2 * Math.PI * t) / 24));

    test("grow as points of the history that lie so far apart differ: a cycle that was not tested shows there", () => {
      const [known, unknown] = [width(cycle), width()];
      expect(known.slice(0, 4)).toEqual(unknown.slice(0, 4));
      expect(known[11]! / known[3]!).toBeGreaterThan(1.7);
      expect(known.map((wide, lead) => wide >= unknown[lead]! - 1e-9)).toEqual(known.map(() => true));
      expect(known).toEqual(known.toSorted((a, b) => a - b));
    });

    test("are as wide as before where the history is as calm as far as it was tested", () => {
      expect(width(new Float64Array(30))).toEqual(width());
      expect(width(Float64Array.from({ length: 30 }, (_, t) => t % 2))).toEqual(width());
    });
  });
});
