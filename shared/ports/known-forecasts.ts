import type { SeriesId } from "../contract/ids.ts";
import type { KnownForecast } from "../core/alert/forecast-breach.ts";
import type { ForecastsStore } from "./forecasts.ts";

/** Forecasts of a series that one evaluation, or one backtest, looks at. */
const MOST_FORECASTS = 2_000;

/**
 * The stored forecasts that a rule over forecasts looks at, by cutoff.
 * @param horizon - Of the rule, ms.
 * @param span - Its evaluations, Unix ms.
 */
export async function knownForecasts(
  forecasts: Pick<ForecastsStore, "spans" | "columns">,
  series: SeriesId,
  horizon: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly KnownForecast[]> {
  const spans = await forecasts.spans(series, { from: from - 2 * horizon, to: to + horizon }, MOST_FORECASTS);
  const columns = await forecasts.columns(spans.map(({ id }) => id));
  return spans
    .flatMap(({ id, startsAt, frequencyMs }) => {
      const known = columns.get(id);
      if (known === undefined) return [];
      const timestamps = known.mean.map((_, step) => startsAt + step * frequencyMs);
      return [{ id, cutoff: known.cutoff, mean: known.mean, intervals: known.intervals, timestamps }];
    })
    .toSorted((a, b) => a.cutoff - b.cutoff);
}
