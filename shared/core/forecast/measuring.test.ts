import { describe, expect, test } from "@jest/globals";
import { measureForecast, nextEvaluation, stepsOver } from "./measuring.ts";
import type { ForecastSpan, MeasuredForecast } from "./measuring.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 10, 20, 10);

const span = (horizon: number, frequencyMs = HOUR): ForecastSpan => ({
  startsAt: START,
  endsAt: START + horizon * frequencyMs,
  frequencyMs,
});

describe("a step", () => {
  test.each([
    [-1, 0],
    [HOUR - 1, 0],
    [HOUR, 1],
    [3 * HOUR - 1, 2],
    [24 * HOUR, 24],
    [1_000 * HOUR, 24],
  ])("is over one frequency after its time: after %i ms, %i are", (passed, over) => {
    expect(stepsOver(span(24), START + passed)).toBe(over);
  });
});

describe("a forecast is measured", () => {
  const evaluations = (one: ForecastSpan) => {
    const at: number[] = [];
    for (let next: number | null = one.startsAt + one.frequencyMs; next !== null; next = nextEvaluation(one, next)) at.push(next);
    return at.map((time) => (time - one.startsAt) / one.frequencyMs);
  };

  test.each([
    [1, [1, 2]],
    [2, [1, 3]],
    [24, [1, 2, 4, 8, 16, 25]],
    [720, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 721]],
  ])("each time twice as many of %i steps are over, and an hour after its end", (horizon, expected) => {
    expect(evaluations(span(horizon))).toEqual(expected);
  });

  test("also where whoever does it comes late", () => {
    expect(nextEvaluation(span(720), START + 5.9 * HOUR)).toBe(START + 10 * HOUR);
    expect(nextEvaluation(span(24), START + 24.5 * HOUR)).toBe(START + 25 * HOUR);
    expect(nextEvaluation(span(24), START + 25 * HOUR)).toBeNull();
    expect(nextEvaluation(span(24), START - 5 * HOUR)).toBe(START + HOUR);
  });
});

describe("its measures", () => {
  const forecast = (mean: readonly number[], more: Partial<MeasuredForecast> = {}): MeasuredForecast => ({
    ...span(mean.length),
    seasonLength: 1,
    mean: Float64Array.from(mean),
    intervals: [{ level: 80, lo: Float64Array.from(mean, (value) => value - 2), hi: Float64Array.from(mean, (value) => value + 2) }],
    ...more,
  });
  const observed = (points: readonly (readonly [number, number])[], spacingMs = HOUR) => ({
    timestamps: Float64Array.from(points, ([at]) => START + at),
    values: Float64Array.from(points, ([, value]) => value),
    spacingMs,
  });
  /** 1, 2, 3, 4 up to the forecast; the in-sample error of naive is 1. */
  const history = [1, 2, 3, 4].map((value, i) => [(i - 4) * HOUR, value] as const);

  test("are those of the steps that are over, against the history before the first of them", () => {
    const measured = measureForecast(observed([...history, [0, 5], [HOUR, 9], [2 * HOUR, 1_000]]), forecast([6, 6, 6]), 2)!;
    expect(measured.steps).toBe(2);
    // Errors 1 and 3; of naive, which says 4: 1 and 5.
    expect(measured.measures).toMatchObject({ mae: 2, mase: 2, skill: 1 - 2 / 3, intervals: [{ level: 80, coverage: 0.5, width: 4 }] });
    expect(measured.measures.rmse).toBeCloseTo(Math.sqrt(5));
  });

  test("take the observation that is nearest to each time, however the newest one jitters", () => {
    const jittered = observed([...history, [-20_000, 5], [HOUR + 40_000, 9]]);
    expect(measureForecast(jittered, forecast([5, 9]), 2)).toMatchObject({ steps: 2, measures: { mae: 0 } });
  });

  test("take the mean of each whole period where the forecast is coarser", () => {
    const points = Array.from({ length: 6 }, (_, i) => [(i - 2) * 30 * MINUTE, i] as const);
    expect(measureForecast(observed(points, 30 * MINUTE), forecast([2.5, 4.5]), 2)).toMatchObject({ steps: 2, measures: { mae: 0 } });
  });

  test("leave gaps out", () => {
    expect(measureForecast(observed([...history, [2 * HOUR, 7]]), forecast([0, 0, 6]), 3)).toMatchObject({
      steps: 1,
      measures: { mae: 1 },
    });
  });

  test("are none where nothing came, or nothing is over", () => {
    expect(measureForecast(observed(history), forecast([1, 1]), 2)).toBeNull();
    expect(measureForecast(observed([]), forecast([1, 1]), 2)).toBeNull();
    expect(measureForecast(observed([...history, [0, 5]]), forecast([1, 1]), 0)).toBeNull();
  });

  test("lack what the history is needed for where it is gone", () => {
    const measured = measureForecast(observed([[HOUR, 5]]), forecast([1, 1]), 2);
    expect(measured).toMatchObject({ steps: 1, measures: { mae: 4, mase: null, skill: null } });
  });

  test("are finite for huge values", () => {
    const huge = forecast([1e308, -1e308], {
      intervals: [{ level: 80, lo: Float64Array.of(-1.7e308, -1.7e308), hi: Float64Array.of(1.7e308, 1.7e308) }],
    });
    const { intervals, ...measures } = measureForecast(observed([...history, [0, -1e308], [HOUR, 1e308]]), huge, 2)!.measures;
    for (const value of Object.values(measures)) expect(value === null || Number.isFinite(value)).toBe(true);
    expect(Number.isFinite(intervals[0]!.width)).toBe(true);
  });
});
