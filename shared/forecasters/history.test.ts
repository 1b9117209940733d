import { describe, expect, test } from "@jest/globals";
import { ownUnitFan, prepareHistory } from "./history.ts";

const HOUR = 3_600_000;
const hourly = (values: readonly number[]) => ({
  timestamps: Float64Array.from(values, (_, i) => i * HOUR),
  values: Float64Array.from(values),
});
const prepared = (observations: Parameters<typeof prepareHistory>[0], options: Parameters<typeof prepareHistory>[1] = {}) => {
  const history = prepareHistory(observations, options);
  if (!history.ok) throw new Error("too short");
  return history.value;
};

describe("what a remote backend is given", () => {
  test("is a regular grid in the order of time, without gaps, repeats or values that are none", () => {
    const observations = {
      timestamps: Float64Array.of(4 * HOUR, 0, HOUR + 9_000, HOUR - 9_000, 3 * HOUR, 5 * HOUR, NaN),
      values: Float64Array.of(5, 1, 2, 4, NaN, Infinity, 7),
    };
    expect(prepared(observations, { frequencyMs: HOUR })).toMatchObject({
      y: Float64Array.of(1, 3, 3 + 2 / 3, 3 + 4 / 3, 5),
      unit: 1,
      newest: 4 * HOUR,
      frequencyMs: HOUR,
      warnings: [expect.stringContaining("40%")],
    });
  });

  test("is the newest 4,096 points, at the frequency that was asked for", () => {
    const { y, newest } = prepared(hourly(Array.from({ length: 5_000 }, (_, i) => i)));
    expect([y.length, y.at(-1), newest]).toEqual([4_096, 4_999, 4_999 * HOUR]);
    const coarse = prepared(hourly(Array.from({ length: 48 }, (_, i) => i)), { frequencyMs: 24 * HOUR });
    expect(coarse).toMatchObject({ y: Float64Array.of(11.5, 35.5), frequencyMs: 24 * HOUR, newest: 24 * HOUR });
  });

  test("tells the season that is found", () => {
    const values = Array.from({ length: 24 * 10 }, (_, i) => 100 + 50 * Math.sin((2 * Math.PI * i) / 24) + ((i * 7) % 5));
    expect(prepared(hourly(values))).toMatchObject({ seasonLength: 24, seasons: [5, 24] });
  });

  test.each([
    [1e300, -2e299],
    [3e-300, 1e-300],
    [Number.MAX_VALUE, -Number.MAX_VALUE],
    [5e-324, 0],
  ])("of the size of %p and %p is brought to the order of one, and back exactly", (a, b) => {
    const { y, unit } = prepared(hourly([a, b, a, b]));
    expect(Math.max(...y.map(Math.abs))).toBeGreaterThanOrEqual(1);
    expect(Math.max(...y.map(Math.abs))).toBeLessThan(2);
    expect([...ownUnitFan({ mean: y, intervals: [] }, { unit, min: -Infinity, max: Infinity }).mean]).toEqual([a, b, a, b]);
  });

  test.each([
    ["not negative", [0, 1], {}, [0, Infinity]],
    ["negative", [-1, 1], {}, [-Infinity, Infinity]],
    ["bounded", [1, 2], { min: -5, max: 7 }, [-5, 7]],
    ["bounded below 0", [1, 2], { max: -1 }, [-Infinity, -1]],
  ])("of a series that is %s keeps to its bounds", (_name, values, bounds, [min, max]) => {
    expect(prepared(hourly(values), { bounds })).toMatchObject({ min, max });
  });

  test.each([
    ["nothing", [], 0],
    ["one point", [1], 1],
    ["one point among values that are none", [NaN, 1, Infinity], 1],
  ])("of %s is too short", (_name, values, got) => {
    expect(prepareHistory(hourly(values), { frequencyMs: HOUR })).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got } });
  });
});

describe("what comes back", () => {
  test("keeps to the bounds, has the mean in every interval and the narrower interval in the wider one, in the order asked for", () => {
    const fan = {
      mean: Float64Array.of(5, -1, 20),
      intervals: [
        { level: 95, lo: Float64Array.of(4, -9, 3), hi: Float64Array.of(6, 9, 30) },
        { level: 80, lo: Float64Array.of(3, -1, 21), hi: Float64Array.of(7, 1, 22) },
      ],
    };
    expect(ownUnitFan(fan, { unit: 2, min: 0, max: 41 })).toEqual({
      mean: Float64Array.of(10, 0, 40),
      intervals: [
        { level: 95, lo: Float64Array.of(6, 0, 6), hi: Float64Array.of(14, 18, 41) },
        { level: 80, lo: Float64Array.of(6, 0, 40), hi: Float64Array.of(14, 2, 41) },
      ],
    });
  });
});
