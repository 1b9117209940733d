import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { generateSeries, normal, seeded, SERIES_KINDS } from "../../testing/series-generators.ts";
import { advance, createDetector, detectorCadence } from "./detector.ts";
import type { DetectorState, PointScore } from "./detector.ts";
import { decodeState, encodeState, MAX_STATE_BYTES } from "./state-codec.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const OPTIONS = { sensitivity: 0.5 };

interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}
const columns = (rows: readonly (readonly [number, number])[]): Columns => ({
  timestamps: Float64Array.from(rows, ([timestamp]) => timestamp),
  values: Float64Array.from(rows, ([, value]) => value),
});
const slice = ({ timestamps, values }: Columns, from: number, to: number): Columns => ({
  timestamps: timestamps.slice(from, to),
  values: values.slice(from, to),
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

describe("streaming", () => {
  const series = generateSeries("traffic", 901, 3);
  const whole = createDetector();
  const scores = advance(whole, series, OPTIONS);

  test("any split into batches, saved and loaded between, gives the same scores and the same state, bit for bit", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: series.values.length - 1 }), { maxLength: 12 }), (cuts) => {
        const bounds = [0, ...new Set(cuts.toSorted((a, b) => a - b)), series.values.length];
        let state = createDetector();
        const split: PointScore[] = [];
        for (let part = 1; part < bounds.length; part++) {
          split.push(...advance(state, slice(series, bounds[part - 1]!, bounds[part]!), OPTIONS));
          state = reload(state);
        }
        expect(split).toEqual(scores);
        expect(encodeState(state)).toEqual(encodeState(whole));
      }),
      { numRuns: 8 },
    );
  });

  test("saving and loading after every point changes nothing", () => {
    let state = createDetector();
    for (let row = 0; row < 400; row++) {
      expect(advance(state, slice(series, row, row + 1), OPTIONS)).toEqual([scores[row]]);
      state = reload(state);
    }
  });

  test("a prefix's scores do not change when more arrives", () => {
    expect(advance(createDetector(), slice(series, 0, 500), OPTIONS)).toEqual(scores.slice(0, 500));
  });

  test("points out of order within the watermark lead to the same state", () => {
    const start = slice(series, 0, 300);
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 800 }), fc.boolean(), (row, twice) => {
        const [a, b] = [createDetector(), createDetector()];
        advance(a, start, OPTIONS);
        advance(b, start, OPTIONS);
        advance(a, slice(series, 300, row + 2), OPTIONS);
        // The last two swapped, the first of them perhaps delivered twice.
        const swapped = [row + 1, row, ...(twice ? [row] : [])];
        advance(b, slice(series, 300, row), OPTIONS);
        for (const own of swapped) advance(b, slice(series, own, own + 1), OPTIONS);
        expect(encodeState(b)).toEqual(encodeState(a));
      }),
      { numRuns: 10 },
    );
  });

  test("the same timestamp again while it waits: the last write wins", () => {
    const [a, b] = [createDetector(), createDetector()];
    advance(a, slice(series, 0, 500), OPTIONS);
    advance(b, slice(series, 0, 499), OPTIONS);
    const last = series.timestamps[499]!;
    advance(
      b,
      columns([
        [last, -1],
        [last, series.values[499]!],
      ]),
      OPTIONS,
    );
    expect(encodeState(b)).toEqual(encodeState(a));
  });

  test("a point behind the watermark is scored, marked late, and not learned", () => {
    const state = createDetector();
    advance(state, series, OPTIONS);
    const before = encodeState(state);
    const [late] = advance(state, columns([[series.timestamps[100]! + 1, 1e9]]), OPTIONS);
    expect(late).toMatchObject({ late: true, anomalous: true });
    expect(advance(state, slice(series, 200, 260), OPTIONS).every((score) => score.late)).toBe(true);
    expect(encodeState(state)).toEqual(before);
  });

  test("the cadence of the series is learned", () => {
    expect(detectorCadence(whole)).toBe(5 * MINUTE);
    expect(detectorCadence(createDetector())).toBeNull();
  });

  test.each([NaN, Infinity, -Infinity])("the value %d is refused", (value) => {
    expect(() => advance(createDetector(), columns([[0, value]]), OPTIONS)).toThrow(RangeError);
  });
});

describe("what is found", () => {
  const month = generateSeries("traffic", 950, 30);
  const spread = Math.max(...month.values) - Math.min(...month.values);

  test("a spike in a seasonal series with a month of history", () => {
    const [score] = advance(createDetector(), after(month, [month.values.at(-1)! + 2 * spread]), OPTIONS).slice(-1);
    expect(score).toMatchObject({ anomalous: true, direction: "above", severity: "critical" });
    expect(score!.hi).toBeLessThan(month.values.at(-1)! + 2 * spread);
  });

  test("a drop to nothing, and only for who looks below", () => {
    const data = after(month, [0]);
    expect(advance(createDetector(), data, { ...OPTIONS, direction: "below" }).at(-1)).toMatchObject({
      anomalous: true,
      direction: "below",
    });
    expect(advance(createDetector(), data, { ...OPTIONS, direction: "above" }).at(-1)).toMatchObject({ anomalous: false, score: 0 });
  });

  test("a value of the day in the middle of the night, which is new only for the hour", () => {
    // One regular day after the other: at night 100, by day 200.
    const uniform = seeded(5);
    const rows = Array.from({ length: 20 * 288 }, (_, row) => {
      const hour = (row / 12) % 24;
      return [row * 5 * MINUTE, (hour >= 8 && hour < 20 ? 200 : 100) + 3 * normal(uniform)] as const;
    });
    const state = createDetector();
    advance(state, columns(rows), OPTIONS);
    const at = rows.at(-1)![0] + 2 * 3_600_000;
    expect(advance(state, columns([[at, 200]]), OPTIONS)[0]).toMatchObject({ anomalous: true, direction: "above" });
  });

  test("a level shift once; within a day the new level is normal", () => {
    const uniform = seeded(6);
    const rows = Array.from({ length: 10 * 288 }, (_, row) => [row * 5 * MINUTE, (row < 8 * 288 ? 50 : 80) + normal(uniform)] as const);
    const scores = advance(createDetector(), columns(rows), OPTIONS);
    expect(scores.slice(8 * 288, 8 * 288 + 3).some(({ anomalous }) => anomalous)).toBe(true);
    expect(scores.slice(9 * 288).filter(({ anomalous }) => anomalous)).toEqual([]);
  });
});

describe("what is not", () => {
  test("calm series: their false alarms stay within three times what the sensitivity asks for", () => {
    let [alarms, days] = [0, 0];
    for (const kind of SERIES_KINDS) {
      for (const seed of [101, 102]) {
        let quietUntil = 0;
        const series = generateSeries(kind, seed, 21);
        for (const [row, { anomalous }] of advance(createDetector(), series, OPTIONS).entries()) {
          if (row < 7 * 288 || !anomalous || row <= quietUntil) continue;
          alarms += 1;
          quietUntil = row + 12;
        }
        days += 14;
      }
    }
    const target = days / 10;
    expect(alarms).toBeLessThan(3 * target);
    expect(alarms).toBeGreaterThan(target / 3);
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

describe("warming up", () => {
  const rows = Array.from(
    { length: 300 },
    (_, row) => [row * MINUTE, row === 10 || row === 30 || row === 250 ? 1_000 : 10 + (row % 5)] as const,
  );
  const scores = advance(createDetector(), columns(rows), OPTIONS);

  test("there is no score before twenty points", () => {
    expect(scores[10]).toMatchObject({ score: 0, anomalous: false, severity: null, warmingUp: true });
  });

  test("and no more than medium before two hundred", () => {
    expect(scores[30]).toMatchObject({ warmingUp: true });
    expect(["low", "medium"]).toContain(scores[30]!.severity);
    expect(scores[250]!.warmingUp).toBe(false);
  });
});

describe("hostile series", () => {
  const uniform = seeded(9);
  const nasty: Readonly<Record<string, (row: number) => number>> = {
    huge: (row) => (row % 2 === 0 ? 1.7e308 : -1.7e308),
    denormal: (row) => row * 5e-324,
    random: () => normal(uniform) * 10 ** (20 * uniform() - 10),
    counts: () => Math.floor(3 * uniform()),
    percent: (row) => (row % 97 === 0 ? 100 : 0),
    growing: (row) => 1.01 ** (row % 60_000),
  };
  test.each(Object.keys(nasty))("%s values neither grow the state nor give a number that is none", (name) => {
    const n = name === "random" ? 20_000 : 3_000;
    const rows = Array.from({ length: n }, (_, row) => [row * MINUTE, Math.min(1.7e308, nasty[name]!(row))] as const);
    const state = createDetector();
    for (const { score, expected, lo, hi, daysPerFalseAlarm } of advance(state, columns(rows), OPTIONS)) {
      for (const number of [score, expected ?? 0, lo ?? 0, hi ?? 0, daysPerFalseAlarm ?? 0])
        if (!Number.isFinite(number)) throw new Error(`${name}: ${number}`);
    }
    expect(encodeState(state).length).toBeLessThanOrEqual(MAX_STATE_BYTES);
  });

  test("bytes that are no state are refused, whatever they are", () => {
    const good = encodeState(createDetector());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeState(bytes).ok).toBe(false);
      }),
    );
    expect(decodeState(good.slice(0, -1)).ok).toBe(false);
    expect(decodeState(Uint8Array.of(...good, 0)).ok).toBe(false);
    expect(decodeState(good).ok).toBe(true);
  });
});
