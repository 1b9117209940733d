import * as v from "valibot";
import { StatsForecastAnswer, StatsForecastModel } from "../../shared/contract/statsforecast.ts";
import type { StatsForecastRequest } from "../../shared/contract/statsforecast.ts";
import { operatorRequest } from "../../shared/net/operator-request.ts";
import { startStatsForecastService, statsForecastPython } from "../../shared/testing/statsforecast-service.ts";

/** A history to forecast, equally spaced. */
export interface BenchmarkSeries {
  /** Oldest first; null is a gap. The newest 2,016 count. */
  readonly values: readonly (number | null)[];
  readonly frequencyMs: number;
  /** Points per cycle, as the benchmark's rules name them; found by the service when absent. */
  readonly seasonLengths?: readonly number[];
}

/** What one model makes of a series. Columns have one row a step. */
export interface ModelForecast {
  readonly mean: readonly number[];
  /** In the order of the levels asked for. */
  readonly intervals: readonly { readonly level: number; readonly lo: readonly number[]; readonly hi: readonly number[] }[];
  /** CPU time of the fit and the forecast, in ms. */
  readonly cpuMs: number;
  /** False where the model could not be fitted, and something simpler stands in: `Naive`, or the constant that the series is. */
  readonly fitted: boolean;
}

export interface StatsForecastBench {
  /**
   * Forecasts every series by each model alone.
   * @returns one forecast a series, in their order, by model. @throws Error with what the service says when it refuses.
   */
  forecastEach(
    series: readonly BenchmarkSeries[],
    options: { readonly horizon: number; readonly levels: readonly number[]; readonly models?: readonly StatsForecastModel[] },
  ): Promise<ReadonlyMap<StatsForecastModel, readonly ModelForecast[]>>;
  stop(): Promise<void>;
}

const TIME_LIMIT_S = 3_600;
const SERIES_A_CALL = 64;

/** Starts the service with time enough for a benchmark; null where it is not set up (`npm run statsforecast:setup`). */
export async function startStatsForecastBench(): Promise<StatsForecastBench | null> {
  if (statsForecastPython() === null) return null;
  const { url, stop } = await startStatsForecastService({ STATSFORECAST_TIME_LIMIT_S: String(TIME_LIMIT_S) });
  return {
    stop,
    async forecastEach(series, { horizon, levels, models = StatsForecastModel.options }) {
      const made = new Map<StatsForecastModel, ModelForecast[]>();
      for (const model of models) {
        const forecasts: ModelForecast[] = [];
        for (let start = 0; start < series.length; start += SERIES_A_CALL) {
          const inputs = series.slice(start, start + SERIES_A_CALL).map(inputOf);
          const answer = await ask(url, { inputs, horizon, levels: [...levels], models: [model] });
          forecasts.push(...answer.forecasts.map((forecast) => forecastOf(forecast, model)));
        }
        made.set(model, forecasts);
      }
      return made;
    },
  };
}

const inputOf = ({ values, frequencyMs, seasonLengths }: BenchmarkSeries): StatsForecastRequest["inputs"][number] => ({
  start: 0,
  frequency: frequencyMs,
  values: [...values],
  ...(seasonLengths === undefined ? {} : { seasonLengths: [...seasonLengths] }),
});

const forecastOf = (
  { mean, intervals, cpuMs, models }: StatsForecastAnswer["forecasts"][number],
  model: StatsForecastModel,
): ModelForecast => ({
  mean,
  intervals,
  cpuMs,
  fitted: models[0]?.name === model,
});

async function ask(url: string, request: StatsForecastRequest): Promise<StatsForecastAnswer> {
  const { status, body } = await operatorRequest(`${url}/v1/forecast`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    timeoutMs: TIME_LIMIT_S * 1_000,
  });
  if (status !== 200) throw new Error(`StatsForecast answered ${status}: ${body.slice(0, 1_000)}`);
  return v.parse(StatsForecastAnswer, JSON.parse(body));
}
