import * as v from "valibot";
import { ForecastId, SeriesId } from "./ids.ts";
import { SeriesReference } from "./series.ts";
import { atLeast, atMost, Duration, IsoTime, LATEST_MS, PointTime, TimeColumn } from "./time.ts";

/** Steps ahead. */
export const Horizon = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(720));
/** Coverage of a prediction interval, in percent. */
export const Level = v.pipe(v.number(), v.gtValue(0), v.ltValue(100));
/** Of the intervals that are asked for: each once. */
export const Levels = v.pipe(
  v.array(Level),
  v.minLength(1),
  v.maxLength(10),
  v.check((levels) => new Set(levels).size === levels.length, "Expected each level once"),
);
export const Backend = v.picklist(["auto", "native", "statistical", "auto-arima", "timegpt", "nixtla-timegpt", "statsforecast", "stub"]);
export type Backend = v.InferOutput<typeof Backend>;

export const Bounds = v.pipe(
  v.strictObject({ min: v.optional(v.pipe(v.number(), v.finite())), max: v.optional(v.pipe(v.number(), v.finite())) }),
  v.check(({ min, max }) => min === undefined || max === undefined || min < max, "Expected min below max"),
);
export type Bounds = v.InferOutput<typeof Bounds>;

const column = v.pipe(v.array(v.number()), v.maxLength(720));
const InputColumn = v.pipe(v.array(v.nullable(v.pipe(v.number(), v.finite()))), v.minLength(2), v.maxLength(100_000));
/** Time between two steps: a second to 366 days. */
export const Frequency = v.pipe(Duration, atLeast(1_000), atMost(366 * 86_400_000));
/** The frequency that a history is forecast at. */
export const AskedFrequency = v.pipe(
  Frequency,
  v.description(
    "Time between two steps; the history's own when left out. From twice that on, the history is averaged by whole UTC periods, stamped with their start (weeks begin on Monday), " +
      "of which the 4096 newest count. A period at either end that the history does not fill is left out, because the mean of half a day is no day's: " +
      "the first step forecast is the period that is not over yet, and its timestamp may lie before the cutoff.",
  ),
);

/** An equally spaced history to forecast without storing anything; null is a gap. */
export const ForecastInput = v.strictObject({ start: PointTime, frequency: Frequency, values: InputColumn });
export type ForecastInput = v.InferOutput<typeof ForecastInput>;

/**
 * `wait: false` has a stored series forecast in the background: the answer says where it will be. `fresh: true` has it made anew also where
 * nothing new came in since one that was asked for alike.
 */
export const ForecastRequest = v.pipe(
  v.strictObject({
    series: v.optional(SeriesReference),
    input: v.optional(ForecastInput),
    horizon: Horizon,
    frequency: v.optional(AskedFrequency),
    levels: v.optional(Levels, [80, 95]),
    backend: v.optional(Backend, "auto"),
    bounds: v.optional(Bounds),
    wait: v.optional(v.boolean(), true),
    fresh: v.optional(v.boolean(), false),
  }),
  v.forward(
    v.check(({ series, input }) => (series === undefined) !== (input === undefined), "Expected either series or input"),
    ["series"],
  ),
  v.forward(
    v.check(({ input, wait }) => input === undefined || wait, "An input is forecast at once: wait: false needs a series"),
    ["wait"],
  ),
  v.forward(
    v.check(
      ({ input, horizon, frequency }) =>
        input === undefined ||
        input.start + input.values.length * input.frequency + (horizon + 1) * (frequency ?? input.frequency) <= LATEST_MS,
      "Expected history and horizon to end before the year 10000",
    ),
    ["horizon"],
  ),
);
export type ForecastRequest = v.InferOutput<typeof ForecastRequest>;

/** What a backend made of a request. Columns have one row a step. */
export const ForecastResult = v.strictObject({
  backend: v.string(),
  frequency: v.string(),
  timestamps: TimeColumn,
  mean: column,
  intervals: v.array(v.strictObject({ level: Level, lo: column, hi: column })),
  models: v.array(v.strictObject({ name: v.string(), weight: v.number() })),
  /** Points per cycle of the season that skill is measured by, 1 for none. */
  seasonLength: v.number(),
  /** Points per cycle of every season that was found, ascending. */
  seasons: v.pipe(v.array(v.number()), v.maxLength(4)),
  accuracy: v.strictObject({
    mae: v.nullable(v.number()),
    rmse: v.nullable(v.number()),
    mape: v.nullable(v.number()),
    smape: v.nullable(v.number()),
    mase: v.nullable(v.number()),
    skill: v.nullable(v.number()),
  }),
  /** The backend that was to make it, and why it did not: there when another one did. */
  fallback: v.optional(v.strictObject({ from: v.string(), reason: v.string() })),
  warnings: v.array(v.string()),
});
export type ForecastResult = v.InferOutput<typeof ForecastResult>;

const orNull = v.nullable(v.number());

/** How far forecasts were from what came; null where it cannot be said. */
export const Measures = v.strictObject({
  mae: v.number(),
  rmse: v.number(),
  mape: orNull,
  smape: v.number(),
  mase: orNull,
  /** Weighted quantile loss: the continuous ranked probability score over the levels asked for, by the mean size of what came. */
  wql: orNull,
  /** Share by which the mean absolute error is smaller than that of seasonal naive. */
  skill: orNull,
  /** Of each level: the share of what came that lay inside, and the mean width. */
  intervals: v.array(v.strictObject({ level: Level, coverage: v.number(), width: v.number() })),
});
export type Measures = v.InferOutput<typeof Measures>;

/** How far a stored forecast was from what has come so far: of `steps` of its steps. Others are still to come, or nothing came for them. */
export const Measured = v.strictObject({
  steps: Horizon,
  /** Its horizon is over: it is not measured again. */
  final: v.boolean(),
  evaluatedAt: IsoTime,
  ...Measures.entries,
});
export type Measured = v.InferOutput<typeof Measured>;

const asked = { cutoff: IsoTime, horizon: Horizon };
const stored = { id: ForecastId, series: SeriesId, createdAt: IsoTime };

/** A forecast that was made from what was known up to its cutoff; only a stored series' has an id. */
export const CompletedForecast = v.strictObject({
  id: v.optional(stored.id),
  series: v.optional(stored.series),
  createdAt: v.optional(stored.createdAt),
  status: v.literal("completed"),
  ...asked,
  ...ForecastResult.entries,
  /** It was made before, of the same points: nothing has changed since its cutoff. */
  cached: v.optional(v.literal(true)),
  /** There once something of what it forecasts has come. */
  measured: v.optional(Measured),
});
export type CompletedForecast = v.InferOutput<typeof CompletedForecast>;

/** A forecast that is still to be made. `backend` is the one that was asked for. */
export const RequestedForecast = v.strictObject({ ...stored, status: v.literal("requested"), ...asked, backend: v.string() });
export type RequestedForecast = v.InferOutput<typeof RequestedForecast>;

/** A requested forecast that could not be made, and why. */
export const FailedForecast = v.strictObject({
  ...stored,
  status: v.literal("failed"),
  ...asked,
  backend: v.string(),
  error: v.string(),
});

export const Forecast = v.variant("status", [CompletedForecast, RequestedForecast, FailedForecast]);
export type Forecast = v.InferOutput<typeof Forecast>;

/** A stored forecast in a list: without its columns. */
export const ForecastSummary = v.variant("status", [
  v.omit(v.strictObject({ ...CompletedForecast.entries, ...stored }), ["timestamps", "mean", "intervals"]),
  RequestedForecast,
  FailedForecast,
]);
export type ForecastSummary = v.InferOutput<typeof ForecastSummary>;

/** What a forecast can be made by, and what may be asked of it. */
export const ForecastBackend = v.strictObject({
  name: v.string(),
  /** Other names that it answers to; `auto` is what a request without a backend is made by. */
  aliases: v.array(v.string()),
  /** Whether it is configured here. */
  available: v.boolean(),
  /** Steps ahead. */
  maxHorizon: v.number(),
  /** Levels between these, in percent; the ends are not among them. */
  levels: v.strictObject({ above: v.number(), below: v.number() }),
  /** Time between steps: the shortest and the longest. */
  frequencies: v.strictObject({ shortest: v.string(), longest: v.string() }),
  /** Series that one call to it takes. */
  batch: v.number(),
  description: v.string(),
});
export type ForecastBackend = v.InferOutput<typeof ForecastBackend>;
