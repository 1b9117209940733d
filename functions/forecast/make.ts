import type { ForecastResult } from "../../shared/contract/forecast.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import type { Forecasters, Observations } from "../../shared/ports/forecasters.ts";
import type { ForecastParameters, NewForecast } from "../../shared/ports/forecasts.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

/** History that a forecast looks at: so many of its newest points. */
export const NEWEST_POINTS = 4_096;

/** What was known of a stored series at the cutoff; of a counter its rates. */
export async function knownAt({ series, points }: OrgStore, of: Pick<NewForecast, "series" | "cutoff">): Promise<Observations> {
  const kind = (await series.get(of.series))?.kind ?? null;
  return points.levels(kind).newest(of.series, { before: of.cutoff + 1, limit: NEWEST_POINTS });
}

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
  const { frequencyMs, timestamps, mean, intervals, models, seasonLength, seasons, accuracy, fallback, warnings } = made.value;
  return {
    backend: made.value.backend,
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
