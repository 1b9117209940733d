import { forecastNative } from "../core/forecast/native.ts";
import type { NativeOptions } from "../core/forecast/native.ts";
import { ANY_FREQUENCY, ANY_LEVEL } from "../ports/forecasters.ts";
import type { Forecaster, ForecastOptions, Observations } from "../ports/forecasters.ts";

/** Most forecasts take a fiftieth of it. The models that had no turn by then are left out, and the answer says so. */
const TIME_MS = 2_000;
/**
 * For the orders; what was found by then goes through the backtest after it. Many series of one call share it.
 */
const SEARCH_MS = 3_000;

/** The engine of this code base: in process, nothing to configure. */
export const nativeForecaster = inProcess({
  name: "native",
  aliases: ["statistical"],
  description: "In process: the median of many models, weighted by a backtest on the series, with intervals from their errors in it.",
  timeMs: TIME_MS,
});

/** One seasonal ARIMA model, for who asks for it. */
export const autoArimaForecaster = inProcess({
  name: "auto-arima",
  aliases: [],
  description:
    "In process: the seasonal ARIMA model whose orders suit the series best by AICc, with intervals from its errors in a backtest.",
  timeMs: SEARCH_MS,
  models: "auto-arima",
});

interface InProcess extends Pick<NativeOptions, "models"> {
  readonly name: string;
  readonly aliases: string[];
  readonly description: string;
  readonly timeMs: number;
}

type Made = Awaited<ReturnType<Forecaster["forecast"]>>;

function inProcess({ timeMs, models, ...about }: InProcess): Forecaster {
  return {
    about: { ...about, available: true, maxHorizon: 720, levels: ANY_LEVEL, frequencies: ANY_FREQUENCY, batch: 1 },
    forecast: async (observations, options) => forecastWithin(timeMs, observations, options),
    ...(models === undefined ? {} : { forecastMany: (series, options) => forecastInTurn(series, options) }),
  };

  /** All of them share the time. Whatever else the process has to do gets its turn between two. */
  async function forecastInTurn(series: readonly Observations[], options: ForecastOptions): Promise<Made[]> {
    const made: Made[] = [];
    for (const one of series) {
      if (made.length > 0) await new Promise(setImmediate);
      made.push(forecastWithin(timeMs / series.length, one, options));
    }
    return made;
  }

  function forecastWithin(
    limitMs: number,
    observations: Observations,
    { horizon, levels, frequencyMs, bounds: { min, max } = {} }: ForecastOptions,
  ): Made {
    const startedAt = performance.now();
    const made = forecastNative(observations, {
      isLate: () => performance.now() - startedAt > limitMs,
      horizon,
      levels,
      bounds: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
      ...(frequencyMs === undefined ? {} : { frequencyMs }),
      ...(models === undefined ? {} : { models }),
    });
    return made.ok ? { ok: true, value: { backend: about.name, ...made.value } } : made;
  }
}
