import { inferFrequency } from "../../shared/core/forecast/frequency.ts";
import { NEWEST_POINTS } from "../../shared/core/forecast/look-back.ts";
import { stepsOver } from "../../shared/core/forecast/measuring.ts";
import type { Observed } from "../../shared/core/forecast/measuring.ts";
import { periodMeans } from "../../shared/core/forecast/periods.ts";
import { joinPoints } from "../../shared/core/series/merge.ts";
import { HOUR_MS } from "../../shared/core/series/rollup.ts";
import { hasRate } from "../../shared/core/series/rate.ts";
import type { UnmeasuredForecast } from "../../shared/ports/forecast-accuracy.ts";
import type { OrgStore } from "../../shared/ports/store.ts";

const DAY_MS = 24 * HOUR_MS;
/** Most points that are read of what came. Of a forecast that more came for, the first steps are measured. */
const ACTUAL_POINTS = 100_000;
/** So many points tell how densely a series is sampled. */
const SPACING_POINTS = 100;

/**
 * What was observed before a forecast's first step and in its steps that are over, of a counter its rates; and how many of these steps
 * are known whole. Periods of whole hours are read from the rollups, unless they are of rates, which no rollup has.
 */
export async function observedBeside(
  { points, series }: OrgStore,
  forecast: UnmeasuredForecast,
  now: number,
): Promise<{ readonly observed: Observed; readonly steps: number }> {
  const { series: id, startsAt, frequencyMs } = forecast;
  const kind = (await series.get(id))?.kind ?? null;
  const levels = points.levels(kind);
  const steps = stepsOver(forecast, now);
  const to = startsAt + steps * frequencyMs;

  const history = await levels.newest(id, { before: startsAt, limit: NEWEST_POINTS });
  const sample =
    history.timestamps.length > 1 ? history : await levels.read(id, { from: startsAt, to, limit: SPACING_POINTS, order: "asc" });
  const spacingMs = inferFrequency(sample.timestamps) ?? frequencyMs;
  const step = [frequencyMs, DAY_MS, HOUR_MS].find((part) => frequencyMs % part === 0 && startsAt % part === 0 && part % HOUR_MS === 0);
  if (frequencyMs >= 2 * spacingMs && step !== undefined && !hasRate(kind)) {
    const from = Math.max(0, startsAt - NEWEST_POINTS * frequencyMs);
    const limit = (NEWEST_POINTS + steps) * (frequencyMs / step);
    const { timestamps, aggregates } = await points.buckets(id, { from, to, step, aggregates: ["avg", "count"], limit, order: "desc" });
    const means = { timestamps, values: aggregates["avg"]!, weights: aggregates["count"]! };
    return { observed: { ...periodMeans(means, { frequencyMs, end: to }), spacingMs: frequencyMs }, steps };
  }
  const actual = await levels.read(id, { from: startsAt, to, limit: ACTUAL_POINTS, order: "asc" });
  const isCut = actual.timestamps.length === ACTUAL_POINTS;
  return {
    observed: { ...joinPoints(history, actual), spacingMs },
    steps: isCut ? stepsOver(forecast, actual.timestamps.at(-1)!) : steps,
  };
}
