import type { ForecastId, SeriesId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { SeriesForecasts, SeriesForecastsQuery } from "../../shared/contract/series-forecast.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";
import { backendNamed } from "../../shared/core/forecast/backend-name.ts";
import { newestOver, takeSteps } from "../../shared/core/forecast/newest-over.ts";
import type { SegmentPage } from "../../shared/core/forecast/newest-over.ts";
import type { ForecastColumns } from "../../shared/ports/forecasts.ts";
import { route } from "../../shared/runtime/route.ts";

/** Later than any step. */
const END_OF_TIME = Number.MAX_SAFE_INTEGER;
/** Of so many forecasts the newest over each time is looked for: of three days of them, when one is made each minute. */
const MOST_FORECASTS = 5_000;
/** A page ends once so many forecasts were read for it, with a cursor for the rest. */
const FORECASTS_A_PAGE = 100;

const TOO_MANY = `More than ${MOST_FORECASTS} forecasts reach into the window. Ask for a shorter one`;

export const readSeriesForecasts = route({
  method: "GET",
  path: "/api/v1/series/{id}/forecasts",
  summary: "Read what was and is forecast of a series, over time: of each time what the newest forecast says, or the newest of some lead",
  scope: "read",
  input: SeriesForecastsQuery,
  output: SeriesForecasts,
  etag: true,
  problems: ["not-found"],

  async handle({ id, lead, horizon, backend, frequency, limit, cursor, ...asked }, { org }, { store, clock, forecasters }) {
    const tenant = store.forOrg(org);
    if ((await tenant.series.get(id)) === null) throw notFound();
    const window = { from: asked.from ?? clock.now(), to: asked.to ?? END_OF_TIME, lead, horizon };
    if (window.from >= window.to) throw invalid([{ path: "from", message: "Expected from before to" }]);
    const filter = {
      ...window,
      backend: backend === undefined ? undefined : backendNamed(backend, forecasters.list()),
      frequencyMs: frequency,
    };
    const spans = await tenant.forecasts.spans(id, filter, MOST_FORECASTS + 1);
    if (spans.length > MOST_FORECASTS) throw invalid([{ path: "from", message: TOO_MANY }]);

    const page = takeSteps(newestOver(spans, { ...window, from: Math.max(window.from, cursor ?? window.from) }), {
      rows: limit,
      forecasts: FORECASTS_A_PAGE,
    });
    // The same on every page.
    const newest = spans.reduce((a, b) => (a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.id > b.id) ? a : b), spans[0]!);
    const columns = await tenant.forecasts.columns([...new Set(page.segments.map(({ forecast }) => forecast.id).concat(newest?.id ?? []))]);
    // A forecast may have been dropped meanwhile: it is not there, as it will not be the next time.
    const segments = page.segments.filter(({ forecast }) => columns.has(forecast.id));
    const levels = (newest === undefined ? undefined : columns.get(newest.id))?.intervals.map(({ level }) => level) ?? [];

    return answerOf(id, { ...page, segments }, levels, columns);
  },
});

function answerOf(
  series: SeriesId,
  { segments, next }: SegmentPage<ForecastId>,
  levels: readonly number[],
  columns: ReadonlyMap<ForecastId, ForecastColumns>,
): SeriesForecasts {
  const answer: SeriesForecasts = {
    series,
    timestamps: [],
    mean: [],
    intervals: levels.map((level) => ({ level, lo: [], hi: [] })),
    forecasts: [],
    nextCursor: next === null ? null : String(next),
  };
  for (const { forecast, step, steps } of segments) {
    const { id, startsAt, frequencyMs } = forecast;
    const { cutoff, backend, mean, intervals } = columns.get(id)!;
    const whose = { id, backend, frequency: formatDuration(frequencyMs), cutoff: isoTime(cutoff), lead: step + 1 };
    answer.forecasts.push({ ...whose, row: answer.timestamps.length, rows: steps });
    const own = levels.map((level) => intervals.find((interval) => interval.level === level));
    for (let at = step; at < step + steps; at++) {
      answer.timestamps.push(startsAt + at * frequencyMs);
      answer.mean.push(mean[at] ?? null);
      for (const [place, interval] of own.entries()) {
        answer.intervals[place]!.lo.push(interval?.lo[at] ?? null);
        answer.intervals[place]!.hi.push(interval?.hi[at] ?? null);
      }
    }
  }
  return answer;
}
