import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { SeriesId } from "../../contract/ids.ts";
import { anomalyRate } from "./anomaly-rate.ts";
import { countSpans, newSpans, SCORED_SPANS } from "./scored-spans.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const series = (n: number) => `ser_${String(n).padStart(24, "0")}` as SeriesId;

describe("the rate of anomalous series", () => {
  test.each([
    [
      "once a bucket, however many anomalies it has there",
      [
        [1, 10, 11],
        [1, 12, 13],
      ],
      [0, 1, 0, 0],
    ],
    ["in each bucket that it is open in", [[1, 5, 25]], [1, 1, 1, 0]],
    ["up to the end, which is not in it", [[1, 5, 20]], [1, 1, 0, 0]],
    [
      "with others",
      [
        [1, 5, 25],
        [2, 15, 16],
        [3, 35, 36],
      ],
      [1, 2, 1, 1],
    ],
    [
      "also where it began before, or ends after",
      [
        [1, -50, 5],
        [2, 31, 900],
      ],
      [1, 0, 0, 1],
    ],
    [
      "where its times overlap",
      [
        [1, 5, 15],
        [1, 8, 25],
        [1, 9, 10],
      ],
      [1, 1, 1, 0],
    ],
    [
      "not outside",
      [
        [1, -5, -1],
        [2, 40, 50],
      ],
      [0, 0, 0, 0],
    ],
  ])("counts a series %s", (_how, times, expected) => {
    const rows = times.map(([n, from, to]) => ({ series: series(n!), from: from!, to: to! }));
    expect(anomalyRate(rows, [], { from: 0, step: 10, buckets: 4 }).anomalous).toEqual(expected);
  });

  test("is the share of the series of the busiest span of the bucket, or of those that were anomalous where they are more", () => {
    const times = [1, 2, 3].map((n) => ({ series: series(n), from: 0, to: 3 * HOUR }));
    const scored = [
      { span: HOUR, startsAt: 0, n: 6 },
      { span: HOUR, startsAt: HOUR, n: 12 },
      { span: HOUR, startsAt: 2 * HOUR, n: 2 },
    ];
    expect(anomalyRate(times, scored, { from: 0, step: 2 * HOUR, buckets: 3 })).toEqual({
      timestamps: [0, 2 * HOUR, 4 * HOUR],
      anomalous: [3, 3, 0],
      scored: [12, 3, 0],
      rate: [0.25, 1, null],
    });
    expect(anomalyRate([], scored, { from: 0, step: HOUR / 2, buckets: 3 }).scored).toEqual([6, 6, 12]);
  });

  test("counts as asking each bucket for each series does", () => {
    const time = fc.record({
      n: fc.integer({ min: 0, max: 4 }),
      from: fc.integer({ min: -40, max: 140 }),
      length: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(time, { maxLength: 20 }), (times) => {
        const rows = times.map(({ n, from, length }) => ({ series: series(n), from, to: from + length }));
        const { timestamps, anomalous } = anomalyRate(rows, [], { from: 0, step: 10, buckets: 10 });
        const each = timestamps.map(
          (start) => new Set(rows.filter(({ from, to }) => from < start + 10 && to > start).map((row) => row.series)).size,
        );
        expect(anomalous).toEqual(each);
      }),
    );
  });
});

describe("a series counts in an hour and in a day", () => {
  const at = (...hours: number[]) => Float64Array.from(hours, (hour) => hour * HOUR);

  test("with its first point in it, in order", () => {
    expect(newSpans(null, at(1, 1.5, 2, 23.9, 24, 3))).toEqual(
      new Map([
        [HOUR, [HOUR, 2 * HOUR, 23 * HOUR, DAY]],
        [DAY, [0, DAY]],
      ]),
    );
    expect(newSpans(2.5 * HOUR, at(1, 2.7, 2.9)).size).toBe(0);
    expect(newSpans(2.5 * HOUR, at(3))).toEqual(new Map([[HOUR, [3 * HOUR]]]));
  });

  test("once, however its points are split", () => {
    const hours = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(hours, fc.integer({ min: 1, max: 7 }), (all, size) => {
        const parts: ReturnType<typeof newSpans>[] = [];
        let scoredTo: number | null = null;
        for (let start = 0; start < all.length; start += size) {
          const points = at(...all.slice(start, start + size));
          parts.push(newSpans(scoredTo, points));
          scoredTo = Math.max(scoredTo ?? 0, ...points);
        }
        const sorted = (spans: ReturnType<typeof countSpans>) => spans.toSorted((a, b) => a.span - b.span || a.startsAt - b.startsAt);
        expect(sorted(countSpans(parts))).toEqual(sorted(countSpans([newSpans(null, at(...all))])));
        expect(countSpans(parts).every(({ span, n }) => SCORED_SPANS.some((one) => one === span) && n === 1)).toBe(true);
      }),
    );
  });
});
