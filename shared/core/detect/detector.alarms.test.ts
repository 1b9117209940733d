import { describe, expect, test } from "@jest/globals";
import { generateSeries, normal, seeded, SERIES_KINDS } from "../../testing/series-generators.ts";
import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { PointScore } from "./score-point.ts";
import { decodeState, encodeState } from "./state-codec.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const OPTIONS = { sensitivity: 0.5 };
const WITH_BAND = { ...OPTIONS, band: true };

/** Alarms an hour apart or more. */
function countAlarms(scores: readonly PointScore[]): number {
  let [alarms, quietUntil] = [0, -1];
  for (const [row, { anomalous }] of scores.entries()) {
    if (!anomalous || row <= quietUntil) continue;
    alarms += 1;
    quietUntil = row + 12;
  }
  return alarms;
}

interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}
const columns = (rows: readonly (readonly [number, number])[]): Columns => ({
  timestamps: Float64Array.from(rows, ([timestamp]) => timestamp),
  values: Float64Array.from(rows, ([, value]) => value),
});
const reload = (state: DetectorState): DetectorState => {
  const decoded = decodeState(encodeState(state));
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
};
/** Appends rows to a normal series, five minutes apart. */
function after({ timestamps, values }: Columns, extra: readonly number[]): Columns {
  const last = timestamps.at(-1)!;
  return {
    timestamps: Float64Array.of(...timestamps, ...extra.map((_, row) => last + (row + 1) * 5 * MINUTE)),
    values: Float64Array.of(...values, ...extra),
  };
}

describe("what is found", () => {
  const month = generateSeries("traffic", 950, 30);
  const spread = Math.max(...month.values) - Math.min(...month.values);

  test("a spike in a seasonal series with a month of history", () => {
    const [score] = advance(createDetector(), after(month, [month.values.at(-1)! + 2 * spread]), OPTIONS).slice(-1);
    expect(score).toMatchObject({ anomalous: true, direction: "above", severity: "critical" });
    expect(score!.hi).toBeLessThan(month.values.at(-1)! + 2 * spread);
  });

  test.each([12, -12])("a spike of %d robust scales, at every hour of a day, in a seasonal series with a month of history", (scales) => {
    const uniform = seeded(12);
    const noise = 4;
    const wave = (row: number) => 200 + 100 * Math.sin((2 * Math.PI * row) / 288) + (Math.floor(row / 288) % 7 >= 5 ? -40 : 0);
    const rows = Array.from({ length: 31 * 288 }, (_, row) => [row * 5 * MINUTE, wave(row) + noise * normal(uniform)] as const);
    const state = createDetector();
    advance(state, columns(rows.slice(0, 30 * 288)), OPTIONS);
    for (let hour = 0; hour < 24; hour++) {
      advance(state, columns(rows.slice((30 * 24 + hour) * 12, (30 * 24 + hour) * 12 + 11)), OPTIONS);
      const [at, value] = rows[(30 * 24 + hour) * 12 + 11]!;
      const [score] = advance(reload(state), columns([[at, value + scales * noise]]), OPTIONS);
      expect(score).toMatchObject({ anomalous: true, direction: scales > 0 ? "above" : "below" });
    }
  });

  test("an hour of zeros at the peak of a daily cycle: once in 30 days or less, so that a rule of no other severity tells of it", () => {
    for (const [days, seed] of [
      [14, 61],
      [28, 62],
    ] as const) {
      const uniform = seeded(seed);
      const from = days * 288 + 72;
      const rows = Array.from({ length: from + 12 }, (_, row) => {
        const usual = 500 + 300 * Math.sin((2 * Math.PI * row) / 288) + 15 * normal(uniform);
        return [row * 5 * MINUTE, row >= from ? 0 : usual] as const;
      });
      const severities = advance(createDetector(), columns(rows), OPTIONS)
        .slice(from)
        .map(({ severity }) => severity);
      expect(["medium", "high", "critical"]).toContain(severities[2]);
    }
  });

  test("a spike after a giant, which does not hide what comes later", () => {
    for (const giant of [1e3, 1e6, 1e300]) {
      const uniform = seeded(3);
      const rows = Array.from({ length: 12 * 288 }, (_, row) => [row * 5 * MINUTE, 100 + normal(uniform)] as [number, number]);
      rows[9 * 288]![1] = giant;
      rows[10 * 288]![1] = 115;
      rows[11 * 288]![1] = 85;
      const scores = advance(createDetector(), columns(rows), OPTIONS);
      for (const row of [9 * 288, 10 * 288, 11 * 288]) expect(scores[row]!.anomalous).toBe(true);
      // What is expected after it is what was expected before, but for the point that the last value misleads.
      for (const { expected } of scores.slice(9 * 288 + 2)) expect(Math.abs(expected! - 100)).toBeLessThan(10);
    }
  });

  test("a drop to nothing, and only for who looks below", () => {
    const data = after(month, [0]);
    expect(advance(createDetector(), data, { ...OPTIONS, direction: "below" }).at(-1)).toMatchObject({
      anomalous: true,
      direction: "below",
    });
    expect(advance(createDetector(), data, { ...OPTIONS, direction: "above" }).at(-1)).toMatchObject({ anomalous: false, score: 0 });
  });

  test("a value of the day in the middle of the night, which is new only for the hour: nine times of ten", () => {
    let found = 0;
    for (let seed = 5; seed < 10; seed++) {
      // One regular day after the other: at night 100, by day 200.
      const uniform = seeded(seed);
      const rows = Array.from({ length: 20 * 288 }, (_, row) => {
        const hour = (row / 12) % 24;
        return [row * 5 * MINUTE, (hour >= 8 && hour < 20 ? 200 : 100) + 3 * normal(uniform)] as const;
      });
      const state = createDetector();
      advance(state, columns(rows), OPTIONS);
      for (const hours of [1, 2, 3, 4]) {
        const at = rows.at(-1)![0] + hours * 3_600_000;
        const [score] = advance(reload(state), columns([[at, 200]]), OPTIONS);
        if (score!.anomalous && score!.direction === "above") found += 1;
      }
    }
    expect(found).toBeGreaterThanOrEqual(18);
  });

  test("a level shift, always; a day later the new level is normal: in four series of five nothing more is said that day", () => {
    const silent = Array.from({ length: 20 }, (_, seed) => {
      const uniform = seeded(seed + 1);
      const rows = Array.from({ length: 8 * 288 }, (_, row) => [row * 5 * MINUTE, (row < 6 * 288 ? 50 : 80) + normal(uniform)] as const);
      const scores = advance(createDetector(), columns(rows), OPTIONS);
      expect(scores.slice(6 * 288, 6 * 288 + 3).some(({ anomalous }) => anomalous)).toBe(true);
      return countAlarms(scores.slice(7 * 288)) === 0;
    });
    expect(silent.filter(Boolean).length).toBeGreaterThanOrEqual(16);
  });
});

describe("what is over", () => {
  /** A daily cycle with an incident of an hour, and the three hours after it. */
  const withIncident = (step: number, factor: number, seed: number) => {
    const uniform = seeded(seed);
    const hour = Math.max(3, (60 * MINUTE) / step);
    const from = (step === 60 * MINUTE ? 30 : 7) * (DAY / step) + Math.round((14 * 60 * MINUTE) / step);
    const rows = Array.from({ length: from + 4 * hour }, (_, row) => {
      const usual = 500 + 300 * Math.sin((2 * Math.PI * row * step) / DAY) + 15 * normal(uniform);
      return [row * step, row >= from && row < from + hour ? factor * usual : usual] as const;
    });
    return { rows, from, hour };
  };

  test.each([1, 5, 60].flatMap((minutes) => [0, 1.5].map((factor) => [minutes, factor] as const)))(
    "an incident at %d minutes a point and values %d times the usual: few points after it are anomalous",
    (minutes, factor) => {
      const seeds = [51, 52, 53];
      const tails = seeds.map((seed) => {
        const { rows, from, hour } = withIncident(minutes * MINUTE, factor, seed);
        const anomalous = advance(createDetector(), columns(rows), OPTIONS).map((score) => score.anomalous);
        expect(anomalous.slice(from, from + hour).filter(Boolean).length).toBe(hour);
        return anomalous.slice(from + hour).filter(Boolean).length;
      });
      expect(Math.max(...tails)).toBeLessThanOrEqual(4);
      expect(tails.reduce((sum, tail) => sum + tail, 0)).toBeLessThanOrEqual(2.5 * seeds.length);
    },
  );
});

describe("what is not", () => {
  // From the first score on: every calm series begins.
  const calm = SERIES_KINDS.flatMap((kind) => [101, 102, 103, 104].map((seed) => generateSeries(kind, seed, 14)));
  const calmScores = calm.map((series) => advance(createDetector(), series, WITH_BAND));
  const countBetween = (from: number, to: number): number =>
    calmScores.reduce((sum, scores) => sum + countAlarms(scores.slice(from, to)), 0);

  test("calm series in their first fortnight: false alarms stay within twice what the sensitivity asks for", () => {
    const target = (calm.length * 14) / 10;
    const alarms = countBetween(0, 14 * 288);
    expect(alarms).toBeLessThan(2 * target);
    expect(alarms).toBeGreaterThan(target / 2);
  });

  test("calm series on their first day: no more than a few false alarms among them all", () => {
    expect(countBetween(0, 288)).toBeLessThanOrEqual(4);
  });

  test("calm points are within their band, and a value just outside of it is anomalous", () => {
    const judged = calmScores.flatMap((scores) => scores.slice(7 * 288));
    const within = judged.filter(({ value, lo, hi }) => value >= lo! && value <= hi!);
    expect(within.length / judged.length).toBeGreaterThan(0.98);
    expect(judged.every(({ expected, lo, hi }) => lo! <= expected! && expected! <= hi!)).toBe(true);

    const series = calm[0]!;
    const state = createDetector();
    advance(state, series, OPTIONS);
    const next = series.timestamps.at(-1)! + 5 * MINUTE;
    const { lo, hi, expected } = advance(reload(state), columns([[next, 0]]), WITH_BAND)[0]!;
    const judge = (value: number) => advance(reload(state), columns([[next, value]]), WITH_BAND)[0]!;
    const edge = 0.001 * (hi! - lo!);
    expect(judge(hi! + edge)).toMatchObject({ anomalous: true, direction: "above" });
    expect(judge(lo! - edge)).toMatchObject({ anomalous: true, direction: "below" });
    expect(judge(expected!)).toMatchObject({ anomalous: false });
  });

  test("counts near zero: an odd one is news the first times, then it is not, nor is the zero after it", () => {
    const uniform = seeded(4);
    const rows = Array.from({ length: 28 * 288 }, (_, row) => [row * 5 * MINUTE, uniform() < 1 / 300 ? 1 : 0] as const);
    const scores = advance(createDetector(), columns(rows), OPTIONS);
    const ones = scores.filter(({ value }) => value === 1);
    expect(ones.length).toBeGreaterThan(20);
    expect(ones[0]!.anomalous).toBe(true);
    expect(ones.slice(3).filter(({ anomalous }) => anomalous)).toEqual([]);
    expect(countAlarms(scores.slice(14 * 288))).toBeLessThanOrEqual(5);
  });

  test("a percentage that rests on its bounds", () => {
    const uniform = seeded(14);
    const rows = Array.from(
      { length: 14 * 288 },
      (_, row) => [row * 5 * MINUTE, Math.min(100, Math.max(0, 100 + 3 * normal(uniform) - (row % 288 < 20 ? 110 : 0)))] as const,
    );
    const scores = advance(createDetector(), columns(rows), OPTIONS).slice(7 * 288);
    expect(scores.filter(({ anomalous }) => anomalous).length).toBeLessThanOrEqual(3);
  });

  test("a constant series, however long", () => {
    const rows = Array.from({ length: 2_000 }, (_, row) => [row * MINUTE, 7] as const);
    expect(advance(createDetector(), columns(rows), OPTIONS).some(({ anomalous }) => anomalous)).toBe(false);
  });

  test("the days on which clocks change, in a series that follows the wall clock", () => {
    // Hourly values of shop hours in Berlin, over both changes of 2026.
    const hour = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", hourCycle: "h23" });
    const start = Date.UTC(2026, 1, 1);
    const rows = Array.from({ length: 24 * 290 }, (_, row) => {
      const at = start + row * 3_600_000;
      const open = Number(hour.format(at));
      return [at, open >= 9 && open < 18 ? 500 : 20] as const;
    });
    const scores = advance(createDetector({ timezone: "Europe/Berlin" }), columns(rows), OPTIONS);
    const changes = [Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25)];
    const near = scores.filter(
      ({ timestamp, anomalous }) => anomalous && changes.some((change) => timestamp >= change && timestamp < change + 2 * DAY),
    );
    expect(near).toEqual([]);
  });

  test("a gap of a day: nothing is imputed, and what follows is normal", () => {
    const series = generateSeries("cpu", 77, 10);
    const gapped = { timestamps: series.timestamps.map((at, row) => (row < 2_000 ? at : at + DAY)), values: series.values };
    const scores = advance(createDetector(), gapped, OPTIONS);
    expect(scores.slice(2_000, 2_012).filter(({ severity }) => severity === "critical")).toEqual([]);
  });
});
