import { describe, expect, test } from "@jest/globals";
import type { AlertId, SeriesId } from "../../contract/ids.ts";
import type { Episode } from "../alert/step.ts";
import { alertChart, chartWindow } from "./alert-chart.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 20, 10);

const threshold = (changes: object = {}) => ({
  kind: "threshold",
  aggregate: "last",
  window: MINUTE,
  operator: "gt",
  threshold: 90,
  recover: null,
  value: 95,
  points: 1,
  lastPointAt: START,
  ...changes,
});
const episode = (changes: Partial<Episode> = {}): Episode => ({
  id: "alt_x" as AlertId,
  pendingAt: START,
  startedAt: START,
  severity: "critical",
  value: 95,
  firingValue: 95,
  evidence: threshold(),
  acknowledged: null,
  resolvedAt: null,
  reason: null,
  ...changes,
});
const pointsOf = (rows: readonly (readonly [number, number])[]) => ({
  timestamps: Float64Array.from(rows, ([at]) => at),
  values: Float64Array.from(rows, ([, value]) => value),
});
const everyMinute = (n: number, value: (row: number) => number) =>
  pointsOf(Array.from({ length: n }, (_, row) => [START + (row - n + 1) * MINUTE, value(row)] as const));

const chartOf = (
  points: ReturnType<typeof pointsOf>,
  changes: Partial<Episode> = {},
  more: { isThinned?: string; timezone?: string } = {},
) => {
  const of = episode(changes);
  return alertChart(
    { episode: of, ruleName: "CPU is\u0007 high", series: { id: "ser_x" as SeriesId, metricKey: "cpu", dimensions: { host: "a\uFFFE" } } },
    { window: chartWindow(of, MINUTE, START), points, scores: [], unit: "%", timezone: null, isThinned: null, ...more },
  );
};

describe("the window", () => {
  test.each<[string, Partial<Episode>, number | null, number, [number, number]]>([
    ["an hour before, up to now", {}, null, 0, [-HOUR, MINUTE]],
    ["60 points before, where they come slowly", {}, HOUR, HOUR, [-60 * HOUR, HOUR]],
    ["half as long again before as it lasted", {}, null, 4 * HOUR, [-6 * HOUR, 4 * HOUR]],
    ["a week before at most", {}, null, 30 * DAY, [-7 * DAY, 30 * DAY]],
    ["three windows of the condition", { evidence: threshold({ window: DAY }) }, null, HOUR, [-3 * DAY, HOUR]],
    ["a third of that after the end", { resolvedAt: START + MINUTE }, null, 9 * HOUR, [-HOUR, 21 * MINUTE]],
    ["some room after an end just now", { resolvedAt: START + MINUTE }, null, MINUTE, [-HOUR, 11 * MINUTE]],
  ])("%s", (_, changes, cadence, sinceStart, [from, to]) => {
    expect(chartWindow(episode(changes), cadence, START + sinceStart)).toEqual({ from: START + from, to: START + to });
  });
});

describe("the line", () => {
  test("is the points of the window, with the one that made it fire", () => {
    const chart = chartOf(everyMinute(100, (row) => row));
    expect([chart.line.timestamps[0], chart.line.values[0], chart.line.values.at(-1)]).toEqual([START - HOUR, 39, 99]);
    expect([chart.raw, chart.lineText, chart.fired]).toEqual([null, "value, in %", { at: START, value: 99 }]);
  });

  test("is the aggregate that the rule compares, over all that it looks back to, the points behind it", () => {
    const points = everyMinute(100, (row) => row);
    const chart = chartOf(points, { evidence: threshold({ aggregate: "avg", window: 10 * MINUTE }) });
    expect([chart.line.values[0], chart.line.values.at(-1), chart.lineText]).toEqual([34.5, 94.5, "avg over 10m, in %"]);
    expect(chart.raw!.values.at(-1)).toBe(99);
    const counted = chartOf(points, { evidence: threshold({ aggregate: "count", window: 10 * MINUTE }) });
    expect([counted.line.values[0], counted.raw]).toEqual([10, null]);
  });

  test("has few points and every extreme", () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, row) => [START - 19_999 * 60 + row * 60, row === 777 ? 500 : row === 15_000 ? -500 : row % 7] as const,
    );
    const { line } = chartOf(pointsOf(rows));
    const values = line.values.map((value) => value!);
    expect(line.values.length).toBeLessThan(1_000);
    expect([Math.min(...values), Math.max(...values)]).toEqual([-500, 500]);
    expect(line.timestamps).toEqual(line.timestamps.toSorted((a, b) => a - b));
  });

  test("breaks where points are missing", () => {
    const rows = Array.from({ length: 60 }, (_, row) => [START + (row - 59) * MINUTE, row] as const).filter(
      (_, row) => row < 20 || row > 30,
    );
    const { line } = chartOf(pointsOf(rows));
    expect(line.values.filter((value) => value === null)).toHaveLength(1);
    expect(line.values[line.values.indexOf(null) + 1]).toBe(31);
  });

  test("leaves out what no axis has room for; without points there is none", () => {
    expect(
      chartOf(
        pointsOf([
          [START - MINUTE, 1e308],
          [START, 3],
        ]),
      ).line.values,
    ).toEqual([3]);
    expect(chartOf(pointsOf([]))).toMatchObject({ line: { timestamps: [], values: [] }, fired: null });
  });
});

describe("what is said", () => {
  test("names the rule, the series and when, in one line each that XML takes", () => {
    const chart = chartOf(
      everyMinute(9, () => 1),
      { resolvedAt: START + 5 * MINUTE },
      { timezone: "Europe/Berlin" },
    );
    expect(chart).toMatchObject({
      title: "Critical: CPU is  high",
      caption: "cpu{host=a }",
      note: "Fired 20 Nov 2026, 11:00, ended 11:05",
      timezone: "Europe/Berlin",
    });
    expect(
      chartOf(
        everyMinute(9, () => 1),
        { resolvedAt: START + DAY },
      ).note,
    ).toBe("Fired 20 Nov 2026, 10:00, ended 21 Nov 2026, 10:00");
  });

  test("levels say what they are, each on the side where the other is not", () => {
    const limits = (changes: object) =>
      chartOf(
        everyMinute(9, () => 1),
        { evidence: threshold(changes) },
      ).limits;
    expect(limits({ threshold: 1_500_000, recover: 1_000 })).toEqual([
      { kind: "threshold", value: 1_500_000, text: "alerts above 1.5 million", isAbove: true },
      { kind: "recover", value: 1_000, text: "recovers at 1,000", isAbove: false },
    ]);
    expect(limits({ operator: "lt", threshold: 1, recover: 2 }).map(({ isAbove }) => isAbove)).toEqual([false, true]);
    expect(limits({ kind: "of another time" })).toEqual([]);
    expect(limits({ threshold: "90" })).toEqual([]);
  });
});
