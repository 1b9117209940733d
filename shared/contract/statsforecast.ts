import * as v from "valibot";
import { Bounds, ForecastInput, Horizon, Level } from "./forecast.ts";
import { LATEST_MS, TimeColumn } from "./time.ts";

// What services/statsforecast takes and answers. `npm run generate` writes it to services/statsforecast/contract.schema.json.

/** Series a request. */
export const MOST_INPUTS = 256;

/** The models of StatsForecast that there are. */
export const StatsForecastModel = v.picklist(["AutoETS", "AutoTheta", "MSTL", "AutoCES", "SeasonalNaive"]);
export type StatsForecastModel = v.InferOutput<typeof StatsForecastModel>;

const finite = v.pipe(v.number(), v.finite());
const DISTINCT = "Expected each once";

const StatsForecastInput = v.strictObject({
  ...ForecastInput.entries,
  /** Points per cycle; found in the series when absent. Those that there are no two cycles of are passed over. */
  seasonLengths: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(10_080))),
      v.maxLength(3),
      v.check((items) => new Set(items).size === items.length, DISTINCT),
    ),
  ),
  bounds: v.optional(Bounds),
});

/** Series to forecast, all with one horizon and the same levels. */
export const StatsForecastRequest = v.pipe(
  v.strictObject({
    inputs: v.pipe(v.array(StatsForecastInput), v.minLength(1), v.maxLength(MOST_INPUTS)),
    horizon: Horizon,
    levels: v.optional(v.pipe(v.array(Level), v.minLength(1), v.maxLength(10)), [80, 95]),
    /** Whose median is the forecast; the service's choice when absent. */
    models: v.optional(
      v.pipe(
        v.array(StatsForecastModel),
        v.minLength(1),
        v.maxLength(5),
        v.check((items) => new Set(items).size === items.length, DISTINCT),
      ),
    ),
  }),
  v.check(
    ({ inputs, horizon }) => inputs.every(({ start, frequency, values }) => start + (values.length + horizon) * frequency <= LATEST_MS),
    "Expected history and horizon to end before the year 10000",
  ),
);
export type StatsForecastRequest = v.InferInput<typeof StatsForecastRequest>;

const column = v.pipe(v.array(finite), v.minLength(1), v.maxLength(720));

/** One forecast an input, in their order. Columns have one row a step. */
export const StatsForecastAnswer = v.strictObject({
  forecasts: v.pipe(
    v.array(
      v.strictObject({
        backend: v.literal("statsforecast"),
        frequency: v.string(),
        timestamps: TimeColumn,
        mean: column,
        intervals: v.array(v.strictObject({ level: Level, lo: column, hi: column })),
        models: v.array(v.strictObject({ name: v.string(), weight: v.number() })),
        seasonLength: v.pipe(v.number(), v.integer(), v.minValue(1)),
        /** Not measured: a backtest is the caller's to make. */
        accuracy: v.strictObject({
          mae: v.null(),
          rmse: v.null(),
          mape: v.null(),
          smape: v.null(),
          mase: v.null(),
          skill: v.null(),
        }),
        warnings: v.array(v.string()),
        /** CPU time that it took, in ms. */
        cpuMs: v.pipe(v.number(), v.minValue(0)),
      }),
    ),
    v.minLength(1),
    v.maxLength(MOST_INPUTS),
  ),
});
export type StatsForecastAnswer = v.InferOutput<typeof StatsForecastAnswer>;

/** A refusal, as far as it is understood. */
export const StatsForecastProblem = v.looseObject({ type: v.string(), status: v.number(), detail: v.string() });
