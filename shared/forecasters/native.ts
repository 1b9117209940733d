import { forecastNative } from "../core/forecast/native.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { Forecaster } from "../ports/forecasters.ts";

/** The engine of this code base: in process, nothing to configure. */
export const nativeForecaster: Forecaster = {
  about: {
    name: "native",
    aliases: ["statistical"],
    available: true,
    maxHorizon: 720,
    levels: ANY_LEVEL,
    frequencies: ANY_FREQUENCY,
    batch: 1,
    description: "In process: the model that a backtest on the series prefers, with intervals from its own errors.",
  },
  async forecast(observations, { horizon, levels, frequencyMs, bounds: { min, max } = {} }) {
    const made = forecastNative(observations, {
      horizon,
      levels,
      bounds: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
      ...(frequencyMs === undefined ? {} : { frequencyMs }),
    });
    return made.ok ? { ok: true, value: { backend: "native", ...made.value } } : made;
  },
};
