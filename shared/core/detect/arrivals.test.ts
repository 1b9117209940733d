import { describe, expect, test } from "@jest/globals";
import type { SeriesId } from "../../contract/ids.ts";
import { aheadRows, arrivalsOf, LATENESS_MS, splitAhead, splitArrivals } from "./arrivals.ts";

const [cpu, load] = [`ser_${"a".repeat(24)}`, `ser_${"b".repeat(24)}`] as SeriesId[] as [SeriesId, SeriesId];
const NOW = Date.UTC(2026, 10, 20, 10);

const columns = (...points: [timestamp: number, value: number][]) => ({
  timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
  values: Float64Array.from(points, ([, value]) => value),
});
const pairs = ({ timestamps, values }: { timestamps: Float64Array; values: Float64Array }) =>
  [...timestamps].map((at, row) => [at, values[row]]);
const row = (seq: number, series: SeriesId, ...points: [number, number][]) => ({
  seq,
  createdAt: NOW,
  points: [{ series, ...columns(...points) }],
});

describe("arrivals", () => {
  test("rows follow each other by number, the points of one row by time, of equal times the later last", () => {
    const rows = [row(2, cpu, [1, 10]), row(1, cpu, [3, 1], [2, 2], [3, 3])];
    const [first, second] = arrivalsOf(rows).get(cpu)!;
    expect([first!.seq, pairs(first!)]).toEqual([
      1,
      [
        [2, 2],
        [3, 1],
        [3, 3],
      ],
    ]);
    expect([second!.seq, pairs(second!)]).toEqual([2, [[1, 10]]]);
  });

  test("a series that stands in a row several times is put together in time order", () => {
    const points = [
      { series: cpu, ...columns([5, 1], [6, 2]) },
      { series: load, ...columns([5, 9]) },
      { series: cpu, ...columns([1, 3], [2, 4]) },
    ];
    const arrivals = arrivalsOf([{ seq: 1, createdAt: null, points }]);
    expect(pairs(arrivals.get(cpu)![0]!)).toEqual([
      [1, 3],
      [2, 4],
      [5, 1],
      [6, 2],
    ]);
    expect(pairs(arrivals.get(load)![0]!)).toEqual([[5, 9]]);
  });
});

describe("what is due", () => {
  const split = (arrivals: Parameters<typeof splitArrivals>[0], seen = { seq: 0, scoredTo: null as number | null }) => {
    const { due, ahead } = splitArrivals(arrivals, seen, NOW);
    return { due: pairs(due), historical: [...due.historical], ahead: ahead.map((points) => [points.seq, pairs(points)]) };
  };
  const arrival = (seq: number, createdAt: number | null, ...points: [number, number][]) => ({ seq, createdAt, ...columns(...points) });

  test("a point older than the lateness bound when it came is historical, one exactly at it is not", () => {
    const points: [number, number][] = [
      [NOW - LATENESS_MS - 1, 1],
      [NOW - LATENESS_MS, 2],
      [NOW, 3],
    ];
    expect(split([arrival(1, NOW, ...points)])).toEqual({ due: points, historical: [1, 0, 0], ahead: [] });
    // It is the arrival that counts, not when it is scored.
    expect(split([arrival(1, NOW - LATENESS_MS, [NOW - 2 * LATENESS_MS, 1])]).historical).toEqual([0]);
    expect(split([arrival(1, null, [NOW, 1])]).historical).toEqual([1]);
  });

  test("a point after now waits, with the row that it came in", () => {
    expect(split([arrival(1, NOW, [NOW, 1], [NOW + 1, 2]), arrival(2, NOW, [NOW + 1, 3])])).toEqual({
      due: [[NOW, 1]],
      historical: [0],
      ahead: [
        [1, [[NOW + 1, 2]]],
        [2, [[NOW + 1, 3]]],
      ],
    });
  });

  test("rows that were scored are left out, also what was ahead in them", () => {
    const arrivals = [arrival(4, NOW, [NOW - 2, 1], [NOW + 1, 2]), arrival(5, NOW, [NOW - 1, 3])];
    expect(split(arrivals, { seq: 4, scoredTo: NOW - 2 })).toEqual({ due: [[NOW - 1, 3]], historical: [0], ahead: [] });
  });

  test("of what is known as history only, what is not newer than the newest scored point is left out", () => {
    expect(split([arrival(9, null, [1, 1], [2, 2], [3, 3])], { seq: 4, scoredTo: 2 }).due).toEqual([[3, 3]]);
    expect(split([arrival(9, null, [1, 1], [2, 2])]).due).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
});

describe("points ahead of their time", () => {
  const HOUR = 3_600_000;

  test("they are stored by row and hour, each with its earliest time", () => {
    const points = (seq: number, ...own: [number, number][]) => ({ seq, ...columns(...own) });
    const rows = aheadRows([
      { series: cpu, points: points(1, [NOW + 5, 1], [NOW + HOUR - 1, 2], [NOW + HOUR, 3]) },
      { series: load, points: points(1, [NOW + 2, 4]) },
      { series: load, points: points(2, [NOW + 9, 5]) },
    ]);
    expect(rows.map(({ seq, dueAt, points: stored }) => [seq, dueAt - NOW, stored.map((own) => [own.series, pairs(own).length])])).toEqual([
      [
        1,
        2,
        [
          [cpu, 2],
          [load, 1],
        ],
      ],
      [1, HOUR, [[cpu, 1]]],
      [2, 9, [[load, 1]]],
    ]);
  });

  test("when their time comes, the value written last counts, and the rest keeps waiting", () => {
    const rows = [
      { seq: 2, points: [{ series: cpu, ...columns([NOW, 20], [NOW + 1, 21]) }] },
      {
        seq: 1,
        points: [
          { series: cpu, ...columns([NOW - 1, 9], [NOW, 10]) },
          { series: load, ...columns([NOW + 3, 1]) },
        ],
      },
    ];
    const { due, rest } = splitAhead(rows, { now: NOW, mostSeries: 10 });
    expect([...due].map(([series, points]) => [series, pairs(points), [...points.historical]])).toEqual([
      [
        cpu,
        [
          [NOW - 1, 9],
          [NOW, 20],
        ],
        [0, 0],
      ],
    ]);
    expect(rest.map(({ series, points }) => [series, points.seq, pairs(points)])).toEqual([
      [cpu, 2, [[NOW + 1, 21]]],
      [load, 1, [[NOW + 3, 1]]],
    ]);
  });

  test("beyond the most series at once the others keep waiting whole", () => {
    const rows = [{ seq: 1, points: [cpu, load].map((series) => ({ series, ...columns([NOW, 1], [NOW + 1, 2]) })) }];
    const { due, rest } = splitAhead(rows, { now: NOW, mostSeries: 1 });
    expect([...due.keys()]).toEqual([cpu]);
    expect(rest.map(({ series, points }) => [series, pairs(points).length])).toEqual([
      [cpu, 1],
      [load, 2],
    ]);
  });
});
