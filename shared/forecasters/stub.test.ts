import { expect, test } from "@jest/globals";
import { stubForecaster } from "./stub.ts";

const observations = { timestamps: Float64Array.of(0, 60_000, 120_000), values: Float64Array.of(1, 2, 7) };

test("the last value is repeated, with intervals of no width, and the answer says what made it", async () => {
  expect(await stubForecaster.forecast(observations, { horizon: 2, levels: [80] })).toMatchObject({
    ok: true,
    value: {
      backend: "stub",
      frequencyMs: 60_000,
      timestamps: Float64Array.of(180_000, 240_000),
      mean: Float64Array.of(7, 7),
      intervals: [{ level: 80, lo: Float64Array.of(7, 7), hi: Float64Array.of(7, 7) }],
      warnings: [expect.stringContaining("tests")],
    },
  });
});

test.each([
  [{ max: 5 }, 5],
  [{ min: 9 }, 9],
  [{ min: 0, max: 10 }, 7],
])("bounds of %j hold", async (bounds, value) => {
  const made = await stubForecaster.forecast(observations, { horizon: 1, levels: [95], bounds });
  expect(made).toMatchObject({ ok: true, value: { mean: Float64Array.of(value) } });
});

test.each([
  ["nothing, at a named frequency", 0, 60_000, 1],
  ["nothing", 0, undefined, 2],
  ["one point without a frequency", 1, undefined, 2],
])("%s is refused with the count it needs", async (_name, n, frequencyMs, needed) => {
  const short = { timestamps: observations.timestamps.subarray(0, n), values: observations.values.subarray(0, n) };
  expect(await stubForecaster.forecast(short, { horizon: 1, levels: [80], frequencyMs })).toEqual({
    ok: false,
    error: { reason: "too-short", needed, got: n },
  });
});
