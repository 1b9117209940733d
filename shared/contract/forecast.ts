import * as v from "valibot";
import { ForecastId, SeriesId } from "./ids.ts";
import { SeriesReference } from "./series.ts";
import { Duration, IsoTime, Time, TimeColumn } from "./time.ts";

/** Steps ahead. */
export const Horizon = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(720));
/** Coverage of a prediction interval, in percent. */
export const Level = v.pipe(v.number(), v.gtValue(0), v.ltValue(100));
export const Backend = v.picklist(["auto", "native", "statistical", "stub"]);
export type Backend = v.InferOutput<typeof Backend>;

export const Bounds = v.pipe(
  v.strictObject({ min: v.optional(v.pipe(v.number(), v.finite())), max: v.optional(v.pipe(v.number(), v.finite())) }),
  v.check(({ min, max }) => min === undefined || max === undefined || min < max, "Expected min below max"),
);
export type Bounds = v.InferOutput<typeof Bounds>;

const column = v.pipe(v.array(v.number()), v.maxLength(720));
const InputColumn = v.pipe(v.array(v.nullable(v.pipe(v.number(), v.finite()))), v.minLength(2), v.maxLength(100_000));
/** Time between two steps: a minute to a week. */
export const Frequency = v.pipe(Duration, v.minValue(1_000), v.maxValue(366 * 86_400_000));

export const ForecastRequest = v.pipe(
  v.strictObject({
    series: v.optional(SeriesReference),
    input: v.optional(v.strictObject({ start: Time, frequency: Frequency, values: InputColumn })),
    horizon: Horizon,
    frequency: v.optional(Frequency),
    levels: v.optional(v.pipe(v.array(Level), v.minLength(1), v.maxLength(10)), [80, 95]),
    backend: v.optional(Backend, "auto"),
    bounds: v.optional(Bounds),
  }),
  v.check(({ series, input }) => (series === undefined) !== (input === undefined), "Expected either series or input"),
);
export type ForecastRequest = v.InferOutput<typeof ForecastRequest>;

export const Forecast = v.strictObject({
  id: v.optional(ForecastId),
  series: v.optional(SeriesId),
  backend: v.string(),
  frequency: v.string(),
  cutoff: IsoTime,
  timestamps: TimeColumn,
  mean: column,
  intervals: v.array(v.strictObject({ level: Level, lo: column, hi: column })),
  models: v.array(v.strictObject({ name: v.string(), weight: v.number() })),
  seasonLength: v.number(),
  accuracy: v.strictObject({
    mae: v.nullable(v.number()),
    rmse: v.nullable(v.number()),
    mape: v.nullable(v.number()),
    smape: v.nullable(v.number()),
    mase: v.nullable(v.number()),
    skill: v.nullable(v.number()),
  }),
  warnings: v.array(v.string()),
});
export type Forecast = v.InferOutput<typeof Forecast>;

export const ForecastBackend = v.strictObject({
  name: v.string(),
  aliases: v.array(v.string()),
  available: v.boolean(),
  maxHorizon: v.number(),
  description: v.string(),
});
export type ForecastBackend = v.InferOutput<typeof ForecastBackend>;
