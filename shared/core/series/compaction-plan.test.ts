import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CHUNK_POINTS, cutAtEnd, cutWithin, mergesFrom, placePoints, staysSmall, windowsOf } from "./compaction-plan.ts";
import type { ChunkExtent, Tier } from "./compaction-plan.ts";

const chunk = (id: number, t0: number, t1: number, n: number, tier: Tier = "merged"): ChunkExtent => ({ id, t0, t1, n, tier });

describe("new points are placed", () => {
  const full = CHUNK_POINTS;
  test.each<[string, number[], ChunkExtent[], { touched: [number, number, number][]; between: [number, number][]; end: number }]>([
    ["at the end of an empty series", [1, 2], [], { touched: [], between: [], end: 0 }],
    ["at the end after the last chunk", [11, 12], [chunk(1, 0, 10, full)], { touched: [], between: [], end: 0 }],
    ["into the chunk that reaches over them", [5, 12], [chunk(1, 0, 10, full)], { touched: [[1, 0, 1]], between: [], end: 1 }],
    [
      "into the chunk before them where it has room",
      [4, 12, 13, 21],
      [chunk(1, 0, 10, 9), chunk(2, 20, 30, 9)],
      {
        touched: [
          [1, 0, 3],
          [2, 3, 4],
        ],
        between: [],
        end: 4,
      },
    ],
    [
      "into the chunk after them where only that has room",
      [12],
      [chunk(1, 0, 10, full), chunk(2, 20, 30, 9)],
      { touched: [[2, 0, 1]], between: [], end: 1 },
    ],
    [
      "between two full chunks, into one of their own",
      [12, 14, 32],
      [chunk(1, 0, 10, full), chunk(2, 20, 30, full), chunk(3, 40, 50, full)],
      {
        touched: [],
        between: [
          [0, 2],
          [2, 3],
        ],
        end: 3,
      },
    ],
    [
      "at the end from the first small chunk on",
      [9, 12, 25],
      [chunk(1, 0, 10, 9), chunk(2, 20, 30, 9, "small")],
      { touched: [[1, 0, 1]], between: [], end: 1 },
    ],
    [
      "nowhere in an expired chunk, and after it as if it were full",
      [5, 12, 21],
      [chunk(1, 0, 10, 9, "expired"), chunk(2, 20, 30, 9)],
      { touched: [[2, 1, 3]], between: [], end: 3 },
    ],
  ])("%s", (_where, timestamps, chunks, { touched, between, end }) => {
    expect(placePoints(Float64Array.from(timestamps), chunks)).toEqual({
      touched: touched.map(([id, start, stop]) => ({ chunk: chunks.find((one) => one.id === id), start, end: stop })),
      between: between.map(([start, stop]) => ({ start, end: stop })),
      end,
    });
  });
});

test("chunks with the points that are placed in them do not overlap, and every point is placed once", () => {
  const extents = fc.array(
    fc.record({ gap: fc.nat(4), length: fc.nat(5), full: fc.boolean(), tier: fc.constantFrom<Tier>("merged", "expired") }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(extents, fc.nat(2), fc.uniqueArray(fc.integer({ min: -3, max: 60 }), { maxLength: 30 }), (rows, smalls, times) => {
      let at = 0;
      const chunks = rows.map(({ gap, length, full, tier }, id) => {
        const t0 = at + gap;
        at = t0 + length + 1;
        return chunk(id, t0, t0 + length, full ? CHUNK_POINTS : 1, id >= rows.length - smalls ? "small" : tier);
      });
      const timestamps = Float64Array.from(times.toSorted((a, b) => a - b));
      const { touched, between, end } = placePoints(timestamps, chunks);
      const placed = [...touched, ...between].flatMap((part) =>
        Array.from({ length: part.end - part.start }, (_, row) => part.start + row),
      );
      const expired = chunks.filter(({ tier }) => tier === "expired");
      const nowhere = [...timestamps.subarray(0, end).keys()].filter((row) =>
        expired.some(({ t0, t1 }) => t0 <= timestamps[row]! && timestamps[row]! <= t1),
      );
      expect([...placed, ...nowhere].toSorted((a, b) => a - b)).toEqual([...timestamps.subarray(0, end).keys()]);

      const grown = chunks
        .filter(({ tier }) => tier !== "small")
        .map((one) => {
          const own = touched.filter((part) => part.chunk === one);
          return [
            Math.min(one.t0, ...own.map(({ start }) => timestamps[start]!)),
            Math.max(one.t1, ...own.map((part) => timestamps[part.end - 1]!)),
          ] as const;
        });
      const spans = [...grown, ...between.map((part) => [timestamps[part.start]!, timestamps[part.end - 1]!] as const)].toSorted(
        ([a], [b]) => a - b,
      );
      const rest = Math.min(timestamps[end] ?? Infinity, ...chunks.filter(({ tier }) => tier === "small").map(({ t0 }) => t0));
      for (const [place, [from, to]] of spans.entries()) expect([from <= to, to < (spans[place + 1]?.[0] ?? rest)]).toEqual([true, true]);
    }),
    { numRuns: 1_000 },
  );
});

test("windows take in points up to the newest that is stored, and leave out long times without any", () => {
  const hour = 3_600_000;
  const timestamps = Float64Array.of(0, hour, 2 * hour + 1, 9 * hour, 10 * hour);
  expect(windowsOf(timestamps, 9 * hour)).toEqual([
    { from: 0, to: hour },
    { from: 2 * hour + 1, to: 2 * hour + 1 },
    { from: 9 * hour, to: 9 * hour },
  ]);
  expect(windowsOf(timestamps, -Infinity)).toEqual([]);
});

test("small chunks are merged when they are full together, when they are many, or when points come between them", () => {
  const end = (chunks: number, points: number) => ({ newest: 100, small: { chunks, points } });
  expect(mergesFrom(101, 10, end(3, 1_000))).toBeNull();
  expect(mergesFrom(101, 1_400, end(3, 1_000))).toBe(0);
  expect(mergesFrom(101, 10, end(40, 1_000))).toBe(0);
  expect(mergesFrom(90, 10, end(3, 1_000))).toBe(90);
  expect(mergesFrom(101, 5_000, end(0, 0))).toBeNull();
});

test("of many small chunks old ones that are large stay, unless new points reach them or all make a full one", () => {
  const sizes = [800, 10, 10].map((n, place) => ({ n, t1: 10 * place }));
  expect(staysSmall(sizes, 100, 10)).toBe(1);
  expect(staysSmall(sizes, 0, 10)).toBe(0);
  expect(staysSmall(sizes, 100, 200)).toBe(0);
  expect(staysSmall(sizes, 100, 1_580)).toBe(0);
});

test.each([1, 2_399, 2_400, 2_401, 7_300])("%i points are cut into chunks without a gap", (n) => {
  for (const cuts of [cutAtEnd(n), cutWithin(n)]) {
    expect(cuts.map(({ start }) => start)).toEqual([0, ...cuts.slice(0, -1).map(({ end }) => end)]);
    expect(cuts.at(-1)!.end).toBe(n);
    for (const { start, end } of cuts) expect(end - start).toBeLessThan(CHUNK_POINTS + 1);
  }
  expect(cutAtEnd(n).filter(({ tier }) => tier === "merged").length).toBe(Math.floor(n / CHUNK_POINTS));
});
