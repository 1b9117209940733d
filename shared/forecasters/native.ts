import { forecastNative } from "../core/forecast/native.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { Forecaster } from "../ports/forecasters.ts";

/** Most forecasts take a fiftieth of it. The models that had no turn by then are left out, and the answer says so. */
const TIME_MS = 2_000;

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
    description: "In process: the median of many models, weighted by a backtest on the series, with intervals from their errors in it.",
  },
  async forecast(observations, { horizon, levels, frequencyMs, bounds: { min, max } = {} }) {
    const startedAt = performance.now();
    const made = forecastNative(observations, {
      isLate: () => performance.now() - startedAt > TIME_MS,
      horizon,
      levels,
      bounds: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
      ...(frequencyMs === undefined ? {} : { frequencyMs }),
    });
    return made.ok ? { ok: true, value: { backend: "native", ...made.value } } : made;
  },
};
