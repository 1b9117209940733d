import { inferFrequency, nextTimestamps } from "../core/forecast/frequency.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { Forecaster } from "../ports/forecasters.ts";

/** Repeats the last value, and claims to be sure of it: so that a test knows every number of the answer. */
export const stubForecaster: Forecaster = {
  about: {
    name: "stub",
    aliases: [],
    available: true,
    maxHorizon: 720,
    levels: ANY_LEVEL,
    frequencies: ANY_FREQUENCY,
    batch: 1,
    description: "For tests: repeats the last value, with intervals of no width. Its accuracy is not measured.",
  },
  async forecast({ timestamps, values }, { horizon, levels, frequencyMs = inferFrequency(timestamps), bounds }) {
    const [last, value] = [timestamps.at(-1), values.at(-1)];
    if (last === undefined || value === undefined || frequencyMs === null) {
      return { ok: false, error: { reason: "too-short", needed: frequencyMs === null ? 2 : 1, got: timestamps.length } };
    }
    const bounded = Math.max(bounds?.min ?? -Infinity, Math.min(bounds?.max ?? Infinity, value));
    const mean = new Float64Array(horizon).fill(bounded);
    return {
      ok: true,
      value: {
        backend: "stub",
        frequencyMs,
        seasonLength: 1,
        seasons: [],
        timestamps: nextTimestamps(last, frequencyMs, horizon),
        mean,
        intervals: levels.map((level) => ({ level, lo: mean, hi: mean })),
        models: [{ name: "last-value", weight: 1 }],
        accuracy: { mae: null, rmse: null, mape: null, smape: null, mase: null, skill: null },
        warnings: ["Made by the stub, which is for tests"],
      },
    };
  },
};
