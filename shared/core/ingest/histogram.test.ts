import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { explicitBuckets, exponentialBuckets, quantilesOf } from "./histogram.ts";

const explicit = (bounds: number[], counts: number[], quantiles: number[], extremes = {}) =>
  quantilesOf(explicitBuckets(bounds, counts, extremes)!, quantiles, extremes);

describe("explicit bounds", () => {
  // promql/promqltest/testdata/histograms.test of Prometheus, histogram_quantile of testhistogram.
  test.each([
    ["positive", [0.1, 0.2, 1], [5, 2, 4, 1], 0.2, 0.048],
    ["positive", [0.1, 0.2, 1], [5, 2, 4, 1], 0.5, 0.15],
    ["positive", [0.1, 0.2, 1], [5, 2, 4, 1], 0.8, 0.72],
    ["negative", [-0.2, -0.1, 0.3], [1, 1, 0, 1], 0.2, -0.2],
    ["negative", [-0.2, -0.1, 0.3], [1, 1, 0, 1], 0.5, -0.15],
    ["negative", [-0.2, -0.1, 0.3], [1, 1, 0, 1], 0.8, 0.3],
  ])("%s values over %j, %j: the quantile %d is Prometheus's", (_, bounds, counts, quantile, expected) => {
    expect(explicit(bounds, counts, [quantile])[0]).toBeCloseTo(expected, 12);
  });

  test("the outermost buckets end at min and max", () => {
    expect(explicit([10], [2, 2], [0, 0.25, 0.5, 0.75, 1], { min: 4, max: 30 })).toEqual([4, 7, 10, 20, 30]);
    expect(explicit([], [4], [0.5], { min: 4, max: 30 })).toEqual([17]);
    expect(explicit([10, 20], [0, 3, 0], [0.5, 1], { min: 12, max: 12 })).toEqual([12, 12]);
  });

  test("one bucket of any width, or none, has no quantiles", () => {
    expect(explicit([], [4], [0.5])).toEqual([]);
    expect(explicit([], [], [0.5])).toEqual([]);
    expect(explicit([1, 2], [0, 0, 0], [0.5])).toEqual([]);
  });

  test.each([
    ["a count too many", [1], [1, 2, 3]],
    ["a count too few", [1], [1]],
    ["bounds that descend", [2, 1], [1, 1, 1]],
    ["a bound twice", [1, 1], [1, 1, 1]],
    ["a bound that is no number", [Number.NaN], [1, 1]],
  ])("%s makes no buckets", (_, bounds, counts) => {
    expect(explicitBuckets(bounds, counts, {})).toBeNull();
  });
});

describe("exponential buckets", () => {
  const none = { offset: 0, counts: [] };
  const buckets = (more: Partial<Parameters<typeof exponentialBuckets>[0]>) =>
    exponentialBuckets({ scale: 0, zeroCount: 0, zeroThreshold: 0, positive: none, negative: none, ...more });

  test("of scale 0 end at powers of two, of scale 1 at powers of its root, of scale -1 at powers of four", () => {
    const positive = { offset: -1, counts: [1, 0, 3] };
    expect(buckets({ positive })).toEqual([
      { lo: 0.5, hi: 1, n: 1 },
      { lo: 2, hi: 4, n: 3 },
    ]);
    expect(buckets({ positive, scale: -1 })).toEqual([
      { lo: 0.25, hi: 1, n: 1 },
      { lo: 4, hi: 16, n: 3 },
    ]);
    expect(buckets({ positive, scale: 1 })![1]!.lo).toBeCloseTo(Math.SQRT2, 12);
  });

  test("of negative values stand mirrored before those of zero and of positive ones", () => {
    const sides = { positive: { offset: 0, counts: [3] }, negative: { offset: 0, counts: [1, 2] } };
    expect(buckets({ ...sides, zeroCount: 4, zeroThreshold: 0.5 })).toEqual([
      { lo: -4, hi: -2, n: 2 },
      { lo: -2, hi: -1, n: 1 },
      { lo: -0.5, hi: 0.5, n: 4 },
      { lo: 1, hi: 2, n: 3 },
    ]);
    expect(buckets({ positive: sides.positive, zeroCount: 4, zeroThreshold: 0.5 })![0]).toEqual({ lo: 0, hi: 0.5, n: 4 });
  });

  test("end at the largest number where they would be beyond it", () => {
    const [bucket] = buckets({ scale: -10, positive: { offset: 5, counts: [1] } })!;
    expect(bucket).toEqual({ lo: Number.MAX_VALUE, hi: Number.MAX_VALUE, n: 1 });
  });

  test.each([-11, 21])("there are none of scale %d", (scale) => {
    expect(buckets({ scale, zeroCount: 1 })).toBeNull();
  });
});

describe("quantiles of any values", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });
  const bounds = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 8 }).map((all) => all.toSorted((a, b) => a - b));
  const quantiles = [0, 0.1, 0.5, 0.9, 0.95, 0.99, 1];
  const bucketed = (all: number[], edges: number[]) =>
    [...edges, Infinity].map((edge, place) => all.filter((value) => value <= edge && value > (edges[place - 1] ?? -Infinity)).length);

  test("lie in the bucket of the value that they stand for, ascend, and scale and shift with the values", () => {
    fc.assert(
      fc.property(values, bounds, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), (all, edges, factor, shift) => {
        const sorted = all.toSorted((a, b) => a - b);
        const extremes = { min: sorted[0]!, max: sorted.at(-1)! };
        const counts = bucketed(all, edges);
        const found = explicit(edges, counts, quantiles, extremes);
        expect(found).toEqual(found.toSorted((a, b) => a - b));
        found.forEach((value, place) => {
          const exact = sorted[Math.max(0, Math.ceil(quantiles[place]! * sorted.length) - 1)]!;
          const [lo, hi] = [edges.findLast((edge) => edge < exact) ?? -Infinity, edges.find((edge) => edge >= exact) ?? Infinity];
          expect(value).toBeGreaterThanOrEqual(Math.max(lo, extremes.min));
          expect(value).toBeLessThanOrEqual(Math.min(hi, extremes.max));
        });
        const moved = (value: number) => factor * value + shift;
        const movedExtremes = { min: moved(extremes.min), max: moved(extremes.max) };
        explicit(edges.map(moved), counts, quantiles, movedExtremes).forEach((value, place) =>
          expect(value).toBeCloseTo(moved(found[place]!), 9),
        );
      }),
    );
  });
});
