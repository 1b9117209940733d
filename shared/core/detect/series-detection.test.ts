import { describe, expect, test } from "@jest/globals";
import type { OrgId, SeriesId } from "../../contract/ids.ts";
import { detectSeries, newDetectorRecord } from "./series-detection.ts";

const ORG = `org_${"a".repeat(24)}` as OrgId;
const SERIES = `ser_${"a".repeat(24)}` as SeriesId;
const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;

/** A quiet wave of n minutes with spikes at some of them. */
function arrived(n: number, { start = 0, spikes = [] as number[] } = {}) {
  const minutes = Array.from({ length: n }, (_, row) => start + row);
  return {
    timestamps: Float64Array.from(minutes, (minute) => minute * MINUTE),
    values: Float64Array.from(minutes, (minute) =>
      spikes.includes(minute) ? 500 : 50 + 3 * Math.sin(minute / 10) + ((minute * 7_919) % 101) / 101,
    ),
    historical: new Uint8Array(n),
  };
}

describe("a series", () => {
  test("a spike is an anomaly with its severity, its band and its methods, cleared by the next point", () => {
    const { record, anomalies, clearedAt, trouble } = detectSeries(ORG, newDetectorRecord(SERIES), arrived(300, { spikes: [250] }), NOW);
    const spike = anomalies.find(({ value }) => value === 500)!;
    expect(spike).toMatchObject({ series: SERIES, timestamp: 250 * MINUTE, direction: "above", historical: false, detectedAt: NOW });
    expect(spike.clearedAt).toBeGreaterThan(spike.timestamp);
    expect(spike.hi!).toBeLessThan(500);
    expect(Object.keys(spike.methods).length).toBeGreaterThan(1);
    expect(record).toMatchObject({ scoredTo: 299 * MINUTE, cadenceMs: MINUTE });
    expect(clearedAt).toBeGreaterThanOrEqual(spike.clearedAt!);
    expect(trouble).toBeNull();
  });

  test("in one batch or point by point: the same anomalies, the same state", () => {
    const points = arrived(260, { spikes: [200, 240] });
    const whole = detectSeries(ORG, newDetectorRecord(SERIES), points, NOW);
    let record = newDetectorRecord(SERIES);
    const ids: string[] = [];
    for (let row = 0; row < 260; row++) {
      const one = {
        timestamps: points.timestamps.slice(row, row + 1),
        values: points.values.slice(row, row + 1),
        historical: new Uint8Array(1),
      };
      const detection = detectSeries(ORG, record, one, NOW);
      ids.push(...detection.anomalies.map(({ id, score }) => `${id} ${score}`));
      record = detection.record;
    }
    expect(ids).toEqual(whole.anomalies.map(({ id, score }) => `${id} ${score}`));
    expect(record).toEqual(whole.record);
  });
});

describe("a state that cannot be used", () => {
  test.each([
    ["of another version", (state: Uint8Array) => Uint8Array.of(255, ...state.subarray(1))],
    ["cut short", (state: Uint8Array) => state.slice(0, 100)],
    ["with bytes too many", (state: Uint8Array) => Uint8Array.of(...state, 0)],
  ])("%s: the series is learned anew, and keeps its version and its place", (_which, broken) => {
    const before = detectSeries(ORG, { ...newDetectorRecord(SERIES), version: 4, seq: 9 }, arrived(100), NOW).record;
    const points = arrived(100, { start: 100 });
    const { record, trouble } = detectSeries(ORG, { ...before, state: broken(before.state) }, points, NOW);
    expect(record.state).toEqual(detectSeries(ORG, newDetectorRecord(SERIES), points, NOW).record.state);
    expect(record).toMatchObject({ version: 4, seq: 9, scoredTo: 199 * MINUTE });
    expect(trouble).toMatch(/state/);
  });

  test("points that no detector can take are passed over", () => {
    const points = { timestamps: Float64Array.of(MINUTE), values: Float64Array.of(Number.NaN), historical: new Uint8Array(1) };
    const { anomalies, trouble } = detectSeries(ORG, newDetectorRecord(SERIES), points, NOW);
    expect(anomalies).toEqual([]);
    expect(trouble).toMatch(/finite/);
  });
});

describe("a counter", () => {
  const STEP_MS = 60_000;
  /** Counts 600 a minute with some noise, and 6,000 in the minute of a burst; starts anew at a restart. */
  function counted(n: number, { burst, restart }: { burst?: number; restart?: number } = {}) {
    let total = 0;
    const values = Float64Array.from({ length: n }, (_, row) => {
      if (row === restart) total = 0;
      return (total += row === burst ? 6_000 : 600 + 20 * Math.sin(2.3 * row));
    });
    return { timestamps: Float64Array.from(values, (_, row) => NOW - (n - row) * STEP_MS), values, historical: new Uint8Array(n) };
  }
  const part = ({ timestamps, values, historical }: ReturnType<typeof counted>, from: number, to: number) => ({
    timestamps: timestamps.slice(from, to),
    values: values.slice(from, to),
    historical: historical.slice(from, to),
  });
  const counter = newDetectorRecord(SERIES, "counter");

  test("is scored by its rate: a burst is an anomaly of a second's worth, growing and a restart are none", () => {
    const { anomalies } = detectSeries(ORG, counter, counted(400, { burst: 350, restart: 300 }), NOW);
    expect(anomalies.map(({ timestamp }) => timestamp)).toEqual([NOW - 50 * STEP_MS]);
    expect(anomalies[0]).toMatchObject({ value: 100, perSecond: true });
    expect(anomalies[0]!.expected).toBeCloseTo(10, 0);
  });

  test("that counts to the end of all numbers is scored on: its state is not lost", () => {
    const points = counted(400);
    points.values[390] = Number.MAX_VALUE;
    const before = detectSeries(ORG, counter, part(points, 0, 380), NOW);
    const after = detectSeries(ORG, before.record, part(points, 380, 400), NOW);
    expect([before.trouble, after.trouble]).toEqual([null, null]);
    expect(after.anomalies.map(({ timestamp }) => timestamp)).toContain(points.timestamps[390]);
    expect(after.record.cadenceMs).toBe(STEP_MS);
  });

  test("gives the same however its points are split, and whatever comes again or late", () => {
    const points = counted(400, { burst: 350, restart: 300 });
    const whole = detectSeries(ORG, counter, points, NOW);
    let record = counter;
    const found = [];
    for (let from = 0; from < 400; from += 7) {
      const detection = detectSeries(ORG, record, part(points, Math.max(0, from - 3), from + 7), NOW);
      found.push(...detection.anomalies.map(({ timestamp }) => timestamp));
      ({ record } = detection);
    }
    expect(found).toEqual(whole.anomalies.map(({ timestamp }) => timestamp));
    expect(record.counted).toEqual(whole.record.counted);
  });

  test("that was taken for a gauge is learned anew once it is known", () => {
    const points = counted(400);
    const before = detectSeries(ORG, newDetectorRecord(SERIES), part(points, 0, 200), NOW).record;
    const after = detectSeries(ORG, { ...before, kind: "counter" }, part(points, 200, 400), NOW);
    expect(after.record.state).toEqual(detectSeries(ORG, counter, part(points, 200, 400), NOW).record.state);
    expect(after.record.scoredTo).toBe(points.timestamps[399]);
  });
});
