import * as v from "valibot";
import { AskedFrequency, Backend, Bounds, ForecastInput, Horizon, Level, Levels, Measures } from "./forecast.ts";
import { SeriesId } from "./ids.ts";
import { SeriesReference } from "./series.ts";
import { TimeColumn } from "./time.ts";

/** Backends to forecast from several points of a history at which what came is known. Nothing is stored. */
export const EvaluationRequest = v.pipe(
  v.strictObject({
    series: v.optional(SeriesReference),
    input: v.optional(ForecastInput),
    horizon: Horizon,
    cutoffs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20)), 4),
    backends: v.optional(v.pipe(v.array(Backend), v.minLength(1), v.maxLength(5)), ["auto"]),
    frequency: v.optional(AskedFrequency),
    levels: v.optional(Levels, [80, 95]),
    bounds: v.optional(Bounds),
  }),
  v.forward(
    v.check(({ series, input }) => (series === undefined) !== (input === undefined), "Expected either series or input"),
    ["series"],
  ),
  v.forward(
    v.check(({ backends }) => new Set(backends).size === backends.length, "Expected each backend once"),
    ["backends"],
  ),
);
export type EvaluationRequest = v.InferOutput<typeof EvaluationRequest>;

const column = v.pipe(v.array(v.number()), v.maxLength(720));
const orNull = v.nullable(v.number());

/** A forecast from one cutoff, and what came: null where nothing was observed. */
export const RollingForecast = v.strictObject({
  /** Unix ms of the newest point that it knew. */
  cutoff: v.number(),
  timestamps: TimeColumn,
  actual: v.pipe(v.array(orNull), v.maxLength(720)),
  mean: column,
  intervals: v.array(v.strictObject({ level: Level, lo: column, hi: column })),
});
export type RollingForecast = v.InferOutput<typeof RollingForecast>;

/** What became of one backend; `error` where it made none of the forecasts. */
export const BackendEvaluation = v.strictObject({
  backend: v.string(),
  measures: v.nullable(Measures),
  forecasts: v.array(RollingForecast),
  error: v.optional(v.string()),
});
export type BackendEvaluation = v.InferOutput<typeof BackendEvaluation>;

export const Evaluation = v.strictObject({
  series: v.optional(SeriesId),
  frequency: v.string(),
  /** Points per cycle of the seasonal naive forecast that skill is against. */
  seasonLength: v.number(),
  horizon: Horizon,
  items: v.array(BackendEvaluation),
  warnings: v.array(v.string()),
});
export type Evaluation = v.InferOutput<typeof Evaluation>;
