import type { ForecastResult } from "../../shared/contract/forecast.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import type { Forecasters, Observations, PickedAnswer } from "../../shared/ports/forecasters.ts";
import type { ForecastParameters } from "../../shared/ports/forecasts.ts";

/** A forecast of the same points is answered again for so long: a backend may have become better since. */
export const CACHED_MS = 86_400_000;

/** Has a backend make a forecast. @throws Problem series-too-short or backend-unavailable; Unavailable when none could make it now. */
export async function makeForecast(
  observations: Observations,
  { backend, ...options }: ForecastParameters,
  forecasters: Forecasters,
): Promise<ForecastResult> {
  const made = await forecasters.pick(backend).forecast(observations, options);
  if (!made.ok) {
    if (made.error.reason === "not-made") throw new Unavailable(made.error.detail, { retryable: true, cause: made.error.cause });
    const { needed, got } = made.error;
    throw new Problem("series-too-short", `${needed} points are needed, and there are ${got}.`, { members: { needed, got } });
  }
  return resultOf(made.value);
}

/** A forecast as it is stored and answered. */
export function resultOf(made: PickedAnswer): ForecastResult {
  const { backend, frequencyMs, timestamps, mean, intervals, models, seasonLength, seasons, accuracy, fallback, warnings } = made;
  return {
    backend,
    frequency: formatDuration(frequencyMs),
    timestamps: [...timestamps],
    mean: [...mean],
    intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: [...lo], hi: [...hi] })),
    models: [...models],
    seasonLength,
    seasons: [...seasons],
    accuracy,
    ...(fallback === undefined ? {} : { fallback }),
    warnings: [...warnings],
  };
}
