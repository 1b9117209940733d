import type { ForecastResult } from "../../shared/contract/forecast.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import { formatDuration } from "../../shared/contract/time.ts";
import type { Forecasters, NotMade, Observations, PickedAnswer, TooShort } from "../../shared/ports/forecasters.ts";
import type { NewForecast } from "../../shared/ports/forecasts.ts";

/** A forecast of the same points is answered again for so long: a backend may have become better since. */
export const CACHED_MS = 86_400_000;

/** A history that ends so many steps before the cutoff is old: a point that is late, or a period that is not whole, is not. */
const OLD_STEPS = 3;

/** Has a backend make a forecast of what was known at a cutoff, Unix ms. @throws Problem series-too-short or backend-unavailable; Unavailable when none could make it now. */
export async function makeForecast(
  observations: Observations,
  { cutoff, parameters: { backend, ...options } }: Pick<NewForecast, "cutoff" | "parameters">,
  forecasters: Forecasters,
): Promise<ForecastResult> {
  const made = await forecasters.pick(backend).forecast(observations, options);
  if (!made.ok) {
    if (made.error.reason === "not-made") throw new Unavailable(made.error.detail, { retryable: true, cause: made.error.cause });
    throw seriesTooShort(made.error);
  }
  return resultOf(made.value, cutoff);
}

/** Refuses a series that a forecast cannot be made of. */
export const seriesTooShort = ({ needed, got }: Pick<TooShort, "needed" | "got">): Problem =>
  new Problem("series-too-short", whyNotMade({ reason: "too-short", needed, got }), { members: { needed, got } });

/** Why a forecast was not made, in words for whoever asked. */
export const whyNotMade = (error: TooShort | NotMade): string =>
  error.reason === "not-made" ? error.detail : `${error.needed} points are needed, and there are ${error.got}.`;

/** A forecast as it is stored and answered. @param cutoff - Unix ms. */
export function resultOf(made: PickedAnswer, cutoff: number): ForecastResult {
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
    warnings: [...oldHistory(made, cutoff), ...warnings],
  };
}

/** A forecast goes on from the newest point, however old that is: where no step of it is to come, nothing else shows it. */
function oldHistory({ timestamps, frequencyMs }: PickedAnswer, cutoff: number): string[] {
  const over = Math.floor((cutoff - timestamps[0]!) / frequencyMs);
  if (over < OLD_STEPS) return [];
  const which = over < timestamps.length ? `the first ${over} of ${timestamps.length} steps are` : "the whole forecast is";
  return [`The newest points are missing: ${which} of a time before the cutoff`];
}
