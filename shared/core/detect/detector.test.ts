import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { generateSeries, normal, seeded } from "../../testing/series-generators.ts";
import { advance, createDetector, detectorCadence } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { PointScore } from "./score-point.ts";
import { decodeState, encodeState, MAX_STATE_BYTES } from "./state-codec.ts";

const MINUTE = 60_000;
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

  test("however points are permuted within the watermark, the state is the same", () => {
    const start = slice(series, 0, 300);
    const rows = Array.from({ length: 120 }, (_, row) => 300 + row);
    const inOrder = createDetector();
    advance(inOrder, slice(series, 0, 420), OPTIONS);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1.99, noNaN: true }), { minLength: 120, maxLength: 120 }), (delays) => {
        const arrivals = rows.toSorted((a, b) => a + delays[a - 300]! - (b + delays[b - 300]!) || a - b);
        const state = createDetector();
        advance(state, start, OPTIONS);
        const scores = arrivals.flatMap((row) => advance(state, slice(series, row, row + 1), OPTIONS));
        expect(scores.some(({ late }) => late)).toBe(false);

        const together = createDetector();
        advance(together, start, OPTIONS);
        const permuted = columns(arrivals.map((row) => [series.timestamps[row]!, series.values[row]!] as const));
        expect(advance(together, permuted, OPTIONS)).toEqual(scores);
        expect(encodeState(state)).toEqual(encodeState(inOrder));
      }),
      { numRuns: 15 },
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

    const last = series.timestamps.at(-1)!;
    const faster = columns(Array.from({ length: 20 }, (_, row) => [last + (row + 1) * MINUTE, 300 + row] as const));
    const state = reload(whole);
    advance(state, faster, OPTIONS);
    expect(detectorCadence(state)).toBe(MINUTE);
    expect(detectorCadence(reload(state))).toBe(MINUTE);
  });

  test.each([NaN, Infinity, -Infinity])("the value %d is refused, and nothing of its batch is learned", (value) => {
    const state = createDetector();
    const rows = columns([
      [0, 1],
      [1, value],
    ]);
    expect(() => advance(state, rows, OPTIONS)).toThrow(RangeError);
    expect(encodeState(state)).toEqual(encodeState(createDetector()));
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

  test("the first hours of 1970 west of Greenwich have a time of day like any other", () => {
    const rows = Array.from({ length: 300 }, (_, row) => [row * MINUTE, 10 + (row % 7)] as const);
    for (const { score, expected } of advance(createDetector({ timezone: "America/New_York" }), columns(rows), OPTIONS).slice(1)) {
      expect(Number.isFinite(score)).toBe(true);
      expect(Number.isFinite(expected)).toBe(true);
    }
  });

  test("a state with any byte changed, or cut anywhere, is refused", () => {
    const state = createDetector({ timezone: "Europe/Berlin" });
    advance(state, generateSeries("latency", 8, 3), OPTIONS);
    const good = encodeState(state);
    expect(decodeState(good).ok).toBe(true);
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const broken = good.slice();
        broken[at] = broken[at]! ^ flip;
        expect(decodeState(broken).ok).toBe(false);
        expect(decodeState(good.slice(0, at)).ok).toBe(false);
      }),
    );
  });

  test("bytes that are no state are refused, whatever they are", () => {
    const good = encodeState(createDetector());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9_000 }), (bytes) => {
        expect(decodeState(bytes).ok).toBe(false);
      }),
    );
    expect(decodeState(good.slice(0, -1)).ok).toBe(false);
    expect(decodeState(Uint8Array.of(...good, 0)).ok).toBe(false);
    expect(decodeState(good).ok).toBe(true);
  });
});
