import * as v from "valibot";
import { Level } from "./forecast.ts";
import { SeriesId } from "./ids.ts";
import { Cursor } from "./page.ts";
import { IsoTime, parseDuration, QueryTime, TimeColumn } from "./time.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A duration in a query string: `5m`, `1h`, `1d`, or milliseconds. */
const QueryDuration = (least: number, most: number, bounds: string) =>
  v.pipe(
    v.string(),
    v.transform((text) => (/^\d{1,12}$/.test(text) ? Number(text) : (parseDuration(text) ?? Number.NaN))),
    v.number(`Expected ${bounds}`),
    v.minValue(least, `Expected ${bounds}`),
    v.maxValue(most, `Expected ${bounds}`),
  );

/** A backend in a query string, as forecasts say it, or by another name that it answers to. */
export const QueryBackend = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
/** The time between a forecast's steps, in a query string. */
export const QueryFrequency = QueryDuration(1_000, 366 * DAY_MS, "a duration from 1s to 366d");

/**
 * Which forecasts are averaged, by their cutoffs: those of the last 30 days, in whole buckets, unless `from` or `to` says otherwise. Of a forecast whose
 * horizon is not over, what has come so far counts, which is nearer and easier: `unfinished=false` leaves it out.
 */
export const ForecastAccuracyQuery = v.strictObject({
  series: v.optional(SeriesId),
  backend: v.optional(QueryBackend),
  frequency: v.optional(QueryFrequency),
  from: v.optional(QueryTime),
  to: v.optional(QueryTime),
  step: v.optional(QueryDuration(HOUR_MS, 400 * DAY_MS, "a duration from 1h to 400d"), "1d"),
  unfinished: v.optional(
    v.pipe(
      v.picklist(["true", "false"]),
      v.transform((text) => text === "true"),
    ),
    "true",
  ),
  cursor: v.optional(v.pipe(Cursor, v.regex(/^\d{1,15}$/), v.transform(Number))),
});
export type ForecastAccuracyQuery = v.InferOutput<typeof ForecastAccuracyQuery>;

/** Most buckets of one answer. */
export const MAX_ACCURACY_BUCKETS = 1_000;
const counts = v.pipe(v.array(v.number()), v.maxLength(MAX_ACCURACY_BUCKETS));
const means = v.pipe(v.array(v.nullable(v.number())), v.maxLength(MAX_ACCURACY_BUCKETS));

/**
 * How one backend did over time: columns with one row a bucket that has forecasts, by their cutoffs. Measures are means over its forecasts;
 * null where none has it. mae and rmse are in the series' unit, so they are there for one series only.
 */
export const BackendAccuracy = v.strictObject({
  backend: v.string(),
  timestamps: TimeColumn,
  forecasts: counts,
  /** Of these forecasts, those whose horizon is not over. */
  unfinished: counts,
  /** Steps that something came for. */
  steps: counts,
  mae: means,
  rmse: means,
  mase: means,
  smape: means,
  wql: means,
  skill: means,
  /** How many of these forecasts were worse than seasonal naive. */
  worseThanNaive: counts,
  /** The share of all those steps that lay inside, in buckets with forecasts of that level. */
  intervals: v.array(v.strictObject({ level: Level, coverage: means })),
});
export type BackendAccuracy = v.InferOutput<typeof BackendAccuracy>;

export const ForecastAccuracy = v.strictObject({
  series: v.optional(SeriesId),
  from: IsoTime,
  to: IsoTime,
  step: v.string(),
  items: v.array(BackendAccuracy),
  nextCursor: v.nullable(Cursor),
});
export type ForecastAccuracy = v.InferOutput<typeof ForecastAccuracy>;
