import * as v from "valibot";
import { QueryBackend, QueryFrequency } from "./forecast-accuracy.ts";
import { Level } from "./forecast.ts";
import { ForecastId, SeriesId } from "./ids.ts";
import { Cursor, queryInteger } from "./page.ts";
import { IsoTime, QueryTime, TimeColumn } from "./time.ts";

const MAX_ROWS = 10_000;

/**
 * From now on, unless `from` says otherwise. Of each forecast the steps from `lead` to `horizon` count: `lead=24` of hourly ones shows what was
 * said a day ahead. A backend or a frequency leaves the others' forecasts out.
 */
export const SeriesForecastsQuery = v.strictObject({
  id: SeriesId,
  from: v.optional(QueryTime),
  to: v.optional(QueryTime),
  lead: v.optional(queryInteger(1, 720), "1"),
  horizon: v.optional(queryInteger(1, 720), "720"),
  backend: v.optional(QueryBackend),
  frequency: v.optional(QueryFrequency),
  limit: v.optional(queryInteger(1, MAX_ROWS), "1000"),
  cursor: v.optional(v.pipe(Cursor, v.regex(/^\d{1,15}$/), v.transform(Number))),
});
export type SeriesForecastsQuery = v.InferOutput<typeof SeriesForecastsQuery>;

const column = v.pipe(v.array(v.nullable(v.number())), v.maxLength(MAX_ROWS));

/** What the newest forecast that covers each time says of it. Columns have one row a time, ascending. */
export const SeriesForecasts = v.strictObject({
  series: SeriesId,
  timestamps: TimeColumn,
  mean: column,
  /** Of the levels of the newest forecast; null where another one does not have them. */
  intervals: v.array(v.strictObject({ level: Level, lo: column, hi: column })),
  /** Whose rows they are: `rows` of them from `row` on, counted from 0, in their order. One may be there more than once. */
  forecasts: v.pipe(
    v.array(
      v.strictObject({
        id: ForecastId,
        backend: v.string(),
        frequency: v.string(),
        cutoff: IsoTime,
        row: v.number(),
        rows: v.number(),
        /** How many steps ahead the first of these rows is. */
        lead: v.number(),
      }),
    ),
    v.maxLength(MAX_ROWS),
  ),
  nextCursor: v.nullable(Cursor),
});
export type SeriesForecasts = v.InferOutput<typeof SeriesForecasts>;
