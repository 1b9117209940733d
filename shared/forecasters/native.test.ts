import { expect, test } from "@jest/globals";
import { forecastNative } from "../core/forecast/native.ts";
import { autoArimaForecaster, nativeForecaster } from "./native.ts";

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

test("auto-arima's is one ARIMA model, under its own name", async () => {
  const made = await autoArimaForecaster.forecast(observations, asked);
  if (!made.ok) throw new Error("refused");
  expect(made.value.backend).toBe("auto-arima");
  expect(made.value.models).toEqual([{ name: expect.stringMatching(/^arima\(/), weight: 1 }]);
  expect(autoArimaForecaster.about).toMatchObject({ name: "auto-arima", available: true, maxHorizon: 720 });
});

test("auto-arima answers many series in their order", async () => {
  const first = { timestamps: observations.timestamps.subarray(0, 40), values: observations.values.subarray(0, 40) };
  const rising = { ...first, values: first.values.map((value, i) => value + i) };
  const made = await autoArimaForecaster.forecastMany!([first, rising], asked);
  expect(made).toEqual([await autoArimaForecaster.forecast(first, asked), await autoArimaForecaster.forecast(rising, asked)]);
});

test("auto-arima lets others have their turn between two series", async () => {
  const turns: string[] = [];
  const made = autoArimaForecaster.forecastMany!([observations, observations, observations], asked).then(() => turns.push("made"));
  setImmediate(() => turns.push("another"));
  await made;
  expect(turns).toEqual(["another", "made"]);
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
