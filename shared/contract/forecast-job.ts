import * as v from "valibot";
import { Backend, Bounds, Frequency, Horizon, Levels } from "./forecast.ts";
import { ForecastJobId, ForecastRunId, SeriesId } from "./ids.ts";
import { name } from "./name.ts";
import { Selector } from "./series.ts";
import { IsoTime, TimeZone } from "./time.ts";

const definition = {
  name: name(200),
  selector: Selector,
  horizon: Horizon,
  frequency: v.optional(Frequency),
  levels: v.optional(Levels, [80, 95]),
  backend: v.optional(Backend, "auto"),
  bounds: v.optional(Bounds),
  /** `hourly`, `daily`, or the five fields of cron, by the clock of the time zone. */
  schedule: v.pipe(v.string(), v.maxLength(200)),
  timezone: v.optional(TimeZone, "UTC"),
  enabled: v.optional(v.boolean(), true),
};

/** Series to forecast again and again. Durations are parsed to milliseconds. */
export const ForecastJobDefinition = v.strictObject(definition);
export type ForecastJobDefinition = v.InferOutput<typeof ForecastJobDefinition>;
/** The same with the id of the job that it takes the place of. */
export const ForecastJobReplacement = v.strictObject({ id: ForecastJobId, ...definition });

export const ForecastRunStatus = v.picklist(["pending", "running", "completed", "failed"]);
export type ForecastRunStatus = v.InferOutput<typeof ForecastRunStatus>;

/** One time that a job forecasts its series, and how far it is: of `series`, so many are `completed` and so many `failed`. */
export const ForecastRun = v.strictObject({
  id: ForecastRunId,
  job: ForecastJobId,
  status: ForecastRunStatus,
  scheduledAt: IsoTime,
  startedAt: v.nullable(IsoTime),
  endedAt: v.nullable(IsoTime),
  /** null until they are counted. */
  series: v.nullable(v.number()),
  completed: v.number(),
  failed: v.number(),
  /** The first of the series that could not be forecast, and why. */
  refusals: v.array(v.strictObject({ series: SeriesId, reason: v.string() })),
  /** How often it was taken up since it last got on; when it is taken up again at the earliest; and what went wrong the last time. */
  attempts: v.number(),
  nextAttemptAt: v.nullable(IsoTime),
  error: v.nullable(v.string()),
});
export type ForecastRun = v.InferOutput<typeof ForecastRun>;

/** A job as the API answers it: durations as strings, so that what was read can be written back. Its status is that of its newest run. */
export const ForecastJob = v.strictObject({
  id: ForecastJobId,
  version: v.number(),
  ...definition,
  frequency: v.optional(v.string()),
  createdAt: IsoTime,
  updatedAt: IsoTime,
  /** null while it is not enabled. */
  nextRunAt: v.nullable(IsoTime),
  status: ForecastRunStatus,
  lastRun: v.nullable(ForecastRun),
});
export type ForecastJob = v.InferOutput<typeof ForecastJob>;
