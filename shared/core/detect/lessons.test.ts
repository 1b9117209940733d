import { describe, expect, test } from "@jest/globals";
import { normal, seeded } from "../../testing/series-generators.ts";
import { clone } from "./clone.ts";
import { advance, createDetector } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import type { DetectOptions, PointScore, Verdict } from "./score-point.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import { progressOf, warmUpOf } from "./warm-up.ts";

const MINUTE = 60_000;
const FIRST = Date.UTC(2026, 0, 5);

const columns = (n: number, valueAt: (row: number) => number, step = MINUTE) => ({
  timestamps: Float64Array.from({ length: n }, (_, row) => FIRST + row * step),
  values: Float64Array.from({ length: n }, (_, row) => valueAt(row)),
});
const stretch = (from: number, to: number, verdict: Verdict["verdict"], step = MINUTE): Pick<DetectOptions, "verdicts"> => ({
  verdicts: [{ from: FIRST + from * step, to: FIRST + to * step, verdict }],
});
const anomalous = (scores: readonly PointScore[]) => scores.filter((score) => score.anomalous).length;

describe.each(["incident", "bad-data"] as const)("a stretch that was called %s", (verdict) => {
  test("at the start of a series leaves nothing to judge by: scores begin once enough other points have come", () => {
    const uniform = seeded(1);
    const state = createDetector();
    const options = { sensitivity: 0.5, ...stretch(0, 30, verdict) };
    const scores = advance(
      state,
      columns(60, () => 100 + normal(uniform)),
      options,
    );
    expect(scores.findIndex(({ severity }) => severity !== null)).toBe(50);
    expect(scores[40]).toMatchObject({ score: 0, anomalous: false, warmingUp: true });
    expect(warmUpOf(progressOf(state))).toMatchObject({ state: "settling", points: 30, pointsLeft: 170 });
    const reloaded = decodeState(encodeState(state));
    expect(reloaded.ok && encodeState(reloaded.value)).toEqual(encodeState(state));
  });

  test.each([13, 20])("of %d points does not put a learned period out of step", (length) => {
    const start = 3_000;
    const end = start + length;
    const scoresWith = (options: Partial<DetectOptions>) => {
      const uniform = seeded(3);
      // A batch job each 40 minutes.
      const usual = (row: number) => (row % 40 < 8 ? 100 : 20) + 2 * normal(uniform);
      const points = columns(4_000, (row) => (row >= start && row < end ? 400 : usual(row)));
      const scores = advance(createDetector(), points, { sensitivity: 0.5, ...options });
      return { scores, errors: scores.map(({ expected }, row) => Math.abs(points.values[row]! - (expected ?? 0))) };
    };
    const meanError = (errors: readonly number[]) => errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const [judged, plain] = [scoresWith(stretch(start, end, verdict)), scoresWith({})];
    expect(meanError(judged.errors.slice(end, end + 80))).toBeLessThan(2 * meanError(judged.errors.slice(start - 400, start)));
    expect(anomalous(judged.scores.slice(end))).toBeLessThanOrEqual(anomalous(plain.scores.slice(end)));
  });

  test("leaves no alarm and no run behind: what comes after it is as much of an alarm as if it had not been", () => {
    const [start, length, later] = [3 * 288, 6, 36];
    const options = { sensitivity: 0.5, ...stretch(start, start + length, verdict, 5 * MINUTE) };
    let found = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const scoresWith = (peak: number) => {
        const uniform = seeded(seed);
        const valueAt = (row: number) => {
          const usual = 100 + normal(uniform);
          if (row >= start && row < start + length) return usual + peak;
          return row === start + length ? usual + 2 : row === start + length + later ? 104.3 : usual;
        };
        return advance(createDetector(), columns(start + length + later + 1, valueAt, 5 * MINUTE), options).slice(start + length);
      };
      // Both were skipped: what they were makes no difference.
      const [giant, calm] = [scoresWith(900), scoresWith(0)];
      expect(JSON.stringify(giant)).toBe(JSON.stringify(calm));
      if (giant[later]!.anomalous) found += 1;
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe("a pattern that was called expected", () => {
  const shapes = { flat: () => 0, wave: (day: number) => 20 * Math.sin(2 * Math.PI * day) };
  const SEEDS = 10;

  /** Of ten series: how many alarm when the pattern comes again so many hours later, and how many when one twice as high comes in its place. */
  function met(shape: keyof typeof shapes, length: number, minutes: number, later: readonly number[]) {
    const alarms = later.map((hours) => ({ hours, again: 0, twice: 0 }));
    const aDay = 1_440 / minutes;
    const start = 8 * aDay;
    const options = { sensitivity: 0.5, ...stretch(start, start + length, "expected", minutes * MINUTE) };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const uniform = seeded(seed);
      const usual = Array.from({ length: start + 8 * aDay }, (_, row) => 100 + shapes[shape](row / aDay) + normal(uniform));
      const come = (state: DetectorState, from: number, to: number, more: number) => {
        const timestamps = Float64Array.from({ length: to - from }, (_, row) => FIRST + (from + row) * minutes * MINUTE);
        return advance(state, { timestamps, values: Float64Array.from(timestamps, (_, row) => usual[from + row]! + more) }, options);
      };
      const state = createDetector();
      come(state, 0, start, 0);
      come(state, start, start + length, 30);
      let at = start + length;
      for (const found of alarms) {
        const back = start + length + found.hours * (60 / minutes);
        come(state, at, back, 0);
        at = back;
        const reloaded = decodeState(encodeState(state));
        if (!reloaded.ok) throw new Error(reloaded.error.message);
        if (anomalous(come(clone(state), back, back + length, 30)) > 0) found.again += 1;
        if (anomalous(come(reloaded.value, back, back + length, 60)) > 0) found.twice += 1;
      }
    }
    return alarms;
  }

  test.each([
    ["flat", 1, 5, [1, 24]],
    ["flat", 3, 5, [1, 24]],
    ["wave", 3, 5, [1, 24]],
    ["wave", 12, 5, [1, 24]],
    ["flat", 3, 15, [168]],
    ["wave", 12, 15, [168]],
  ] as const)(
    "in a noisy %s series, %d points %d minutes apart, is known %j hours later; one twice as high still alarms",
    (shape, length, minutes, later) => {
      for (const { again, twice } of met(shape, length, minutes, later)) {
        expect(again).toBeLessThanOrEqual(1);
        expect(twice).toBe(SEEDS);
      }
    },
  );
});
