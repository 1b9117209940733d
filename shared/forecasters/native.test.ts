import { expect, test } from "@jest/globals";
import { forecastNative } from "../core/forecast/native.ts";
import { nativeForecaster } from "./native.ts";

const HOUR = 3_600_000;
const observations = {
  timestamps: Float64Array.from({ length: 72 }, (_, i) => i * HOUR),
  values: Float64Array.from({ length: 72 }, (_, i) => 10 + (i % 24) + ((i * 7) % 5)),
};
const asked = { horizon: 3, levels: [80] };

test("the answer is the native engine's, under its name", async () => {
  const own = forecastNative(observations, asked);
  expect(await nativeForecaster.forecast(observations, asked)).toEqual({
    ok: true,
    value: { ...(own.ok && own.value), backend: "native" },
  });
});

test("frequency and bounds reach the engine", async () => {
  const made = await nativeForecaster.forecast(observations, { ...asked, frequencyMs: 2 * HOUR, bounds: { min: undefined, max: 15 } });
  if (!made.ok) throw new Error("refused");
  expect(made.value.frequencyMs).toBe(2 * HOUR);
  expect(Math.max(...made.value.mean, ...made.value.intervals[0]!.hi)).toBe(15);
});

test("too short a history is refused with the count it needs", async () => {
  const single = { timestamps: Float64Array.of(0), values: Float64Array.of(1) };
  expect(await nativeForecaster.forecast(single, asked)).toEqual({ ok: false, error: { reason: "too-short", needed: 2, got: 1 } });
});
