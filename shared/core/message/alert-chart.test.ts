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
  more: Partial<Parameters<typeof alertChart>[1]> = {},
) => {
  const of = episode(changes);
  return alertChart(
    { episode: of, ruleName: "CPU is\u0007 high", series: { id: "ser_x" as SeriesId, metricKey: "cpu", dimensions: { host: "a\uFFFE" } } },
    {
      window: chartWindow(of, MINUTE, START),
      points,
      scores: [],
      forecast: null,
      isResetAware: false,
      now: START,
      unit: "%",
      timezone: null,
      isThinned: null,
      ...more,
    },
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
    ["a little room after an end just now", { resolvedAt: START + MINUTE }, null, MINUTE, [-HOUR, 2 * MINUTE]],
    ["a minute before, where they come by the second", { evidence: threshold({ window: 1_500 }) }, 1_000, 8_000, [-MINUTE, 8_000]],
    ["three windows of it, where that is more", { resolvedAt: START + 8_000 }, 1_000, 8_000, [-3 * MINUTE, 11_000]],
    ["as long before as a forecast looks ahead", { evidence: { kind: "forecast", horizon: 6 * HOUR } }, MINUTE, 0, [-6 * HOUR, MINUTE]],
  ])("%s", (_, changes, cadence, sinceStart, [from, to]) => {
    expect(chartWindow(episode(changes), cadence, START + sinceStart)).toEqual({ from: START + from, to: START + to });
  });
});

test("the window reaches as far as is forecast", () => {
  const of = { pendingAt: START, resolvedAt: START + MINUTE, evidence: { kind: "forecast", horizon: 6 * HOUR } };
  expect(chartWindow(of, MINUTE, START + MINUTE, START + 5 * HOUR)).toEqual({ from: START - 6 * HOUR, to: START + 5 * HOUR });
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

  test.each<[string, object, boolean, number, [number, boolean][]]>([
    ["increase", {}, false, 60, [[5, true]]],
    [
      "decrease",
      { direction: "decrease", recover: 2 },
      false,
      60,
      [
        [-5, false],
        [-2, true],
      ],
    ],
    [
      "either",
      { direction: "either" },
      false,
      60,
      [
        [5, true],
        [-5, true],
      ],
    ],
    ["increase of a counter", {}, true, 60, [[5, true]]],
  ])("is the rate that a rule compares, with its level on the side that it looks at: %s", (_, changes, isResetAware, rate, levels) => {
    const evidence = {
      kind: "rate-of-change",
      operator: "gt",
      threshold: 5,
      recover: null,
      value: 60,
      unit: "per_hour",
      direction: "increase",
    };
    const points = everyMinute(100, (row) => (isResetAware ? row % 50 : row));
    const chart = chartOf(points, { evidence: { ...evidence, window: 10 * MINUTE, ...changes } }, { isResetAware });
    expect([chart.line.values[0], chart.line.values.at(-1), chart.raw]).toEqual([rate, rate, null]);
    expect(chart.lineText).toBe("change over 10m, in % per hour");
    expect(chart.limits.map(({ value, isAbove }) => [value, isAbove])).toEqual(levels);
    const thinned = chartOf(points, { evidence: { ...evidence, window: 10 * MINUTE } }, { isThinned: "max of each hour" });
    expect([thinned.limits, thinned.lineText]).toEqual([[], "max of each hour, in %"]);
  });

  test("of a forecast rule is the points, with the mean and the widest interval of the forecast, and the level", () => {
    const timestamps = [START + HOUR, START + 2 * HOUR];
    const intervals = [
      { level: 80, lo: [70, 80], hi: [90, 100] },
      { level: 95, lo: [60, 70], hi: [100, 110] },
    ];
    const forecast = { id: null, cutoff: START, timestamps, mean: [80, 90], intervals };
    const evidence = { kind: "forecast", operator: "gt", threshold: 100, probability: 0.5, horizon: 2 * HOUR };
    const of = episode({ evidence });
    const window = chartWindow(of, MINUTE, START, timestamps[1]);
    expect(
      chartOf(
        everyMinute(9, () => 1),
        { evidence },
        { forecast, window },
      ),
    ).toMatchObject({
      line: { values: expect.arrayContaining([1]) },
      band: { text: "forecast, 95 %", timestamps, expected: [80, 90], lo: [60, 70], hi: [100, 110] },
      limits: [{ value: 100, text: "alerts above 100" }],
      fired: { at: START },
      firedTo: START,
    });
    const bare = chartOf(
      everyMinute(9, () => 1),
      { evidence },
      { forecast: { ...forecast, intervals: [] }, window },
    ).band;
    expect(bare).toMatchObject({ text: "forecast", lo: [80, 90], hi: [80, 90] });
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

  test("leaves out what no axis has room for, and counts it; without points there is none", () => {
    const rows = pointsOf([
      [START - 2 * HOUR, 1e308],
      [START - MINUTE, 1e308],
      [START, 3],
    ]);
    expect(chartOf(rows)).toMatchObject({ line: { values: [3] }, leftOut: 1 });
    expect(chartOf(pointsOf([]))).toMatchObject({ leftOut: 0, line: { timestamps: [], values: [] }, fired: null });
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
      title: "Resolved: CPU is  high",
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
    expect(
      chartOf(
        everyMinute(9, () => 1),
        { resolvedAt: START + 8_000 },
      ).note,
    ).toBe("Fired 20 Nov 2026, 10:00:00, ended 10:00:08");
    expect(chartOf(everyMinute(9, () => 1)).title).toBe("Critical: CPU is  high");
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
