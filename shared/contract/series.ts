import * as v from "valibot";
import { SeriesId } from "./ids.ts";
import { record } from "./record.ts";
import { IsoTime, TimeColumn, TimeZone } from "./time.ts";

export const METRIC_KEY = /^[A-Za-z_][A-Za-z0-9_.:/-]{0,199}$/;
export const DIMENSION_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;
export const MAX_DIMENSIONS = 32;
export const MAX_DIMENSION_VALUE_BYTES = 1_024;

export const MetricKey = v.pipe(v.string(), v.regex(METRIC_KEY, "Expected a letter or _, then up to 199 letters, digits and _ . : / -"));
export type MetricKey = v.InferOutput<typeof MetricKey>;

const DimensionName = v.pipe(v.string(), v.regex(DIMENSION_NAME, "Expected a letter or _, then up to 99 letters, digits and _ . -"));

/** Dimension values are strings; numbers and booleans become strings. */
const DimensionValue = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean()], "Expected a string, a number or a boolean"),
  v.transform(String),
  v.maxBytes(MAX_DIMENSION_VALUE_BYTES, `Expected at most ${MAX_DIMENSION_VALUE_BYTES} bytes`),
);

/** What tells series of one metric apart: up to 32 names with their values. */
export const Dimensions = v.pipe(
  record(DimensionName, DimensionValue),
  v.check((dimensions) => Object.keys(dimensions).length <= MAX_DIMENSIONS, `Expected at most ${MAX_DIMENSIONS} dimensions`),
);
export type Dimensions = v.InferOutput<typeof Dimensions>;

export const MatchOperator = v.picklist(["=", "!=", "=~", "!~"]);
/** Compares one dimension; a dimension that a series lacks equals the empty string. `=~` is anchored, RE2 syntax. */
export const Matcher = v.strictObject({ name: DimensionName, op: MatchOperator, value: v.pipe(v.string(), v.maxBytes(1_024)) });
export type Matcher = v.InferOutput<typeof Matcher>;

/** Picks series: a metric, and matchers over its dimensions; `dimensions` is short for `=`. */
export const Selector = v.pipe(
  v.strictObject({
    metricKey: MetricKey,
    matchers: v.optional(v.pipe(v.array(Matcher), v.maxLength(MAX_DIMENSIONS)), []),
    dimensions: v.optional(Dimensions, {}),
  }),
  v.transform(({ metricKey, matchers, dimensions }) => ({
    metricKey,
    matchers: [...matchers, ...Object.entries(dimensions).map(([name, value]): Matcher => ({ name, op: "=", value }))],
  })),
  // A selector is written back as it is read: with all of it in its matchers.
  v.check(({ matchers }) => matchers.length <= MAX_DIMENSIONS, `Expected at most ${MAX_DIMENSIONS} matchers and dimensions together`),
);
export type Selector = v.InferOutput<typeof Selector>;

/** Names one series by its id, or by its metric and dimensions. */
export const SeriesReference = v.union(
  [SeriesId, v.strictObject({ metricKey: MetricKey, dimensions: v.optional(Dimensions, {}) })],
  "Expected a series id, or {metricKey, dimensions}",
);
export type SeriesReference = v.InferOutput<typeof SeriesReference>;

/** What values mean: a level; a count that only grows and starts anew at a restart; or what was added since the point before. */
export const SeriesKind = v.picklist(["gauge", "counter", "delta"]);
export type SeriesKind = v.InferOutput<typeof SeriesKind>;

/** Of the values, as in UCUM, such as `By`, `s` or `%`. */
export const Unit = v.pipe(v.string(), v.minLength(1), v.maxLength(63));

/** Kind, unit and time zone are null while nobody has said them; the cadence, usually between two points, while it is not learned. */
export const Series = v.strictObject({
  id: SeriesId,
  metricKey: MetricKey,
  dimensions: Dimensions,
  kind: v.nullable(SeriesKind),
  unit: v.nullable(Unit),
  timezone: v.nullable(TimeZone),
  cadence: v.nullable(v.string()),
  createdAt: IsoTime,
});
export type Series = v.InferOutput<typeof Series>;

/** What a person may say of a series. */
export const SeriesMetadata = v.strictObject({
  kind: v.exactOptional(v.nullable(SeriesKind)),
  unit: v.exactOptional(v.nullable(Unit)),
  timezone: v.exactOptional(v.nullable(TimeZone)),
});

/** The newest point of a series. */
export const LastPoint = v.strictObject({ series: Series, timestamp: IsoTime, value: v.number() });

/** How many series an organisation has and may have, and what makes them so many. */
export const Usage = v.strictObject({
  series: v.number(),
  seriesLimit: v.number(),
  metrics: v.array(v.strictObject({ metricKey: MetricKey, series: v.number() })),
  dimensions: v.nullable(v.array(v.strictObject({ name: v.string(), values: v.number(), series: v.number() }))),
});

export const Aggregate = v.picklist(["avg", "min", "max", "sum", "count", "last", "p50", "p75", "p90", "p95", "p99"]);
export type Aggregate = v.InferOutput<typeof Aggregate>;

const ValueColumn = v.pipe(v.array(v.nullable(v.number())), v.maxLength(100_000));

/** Columns of raw points, or, bucketed, of one array an aggregate. */
export const Points = v.union([
  v.strictObject({
    series: SeriesId,
    timestamps: TimeColumn,
    values: v.pipe(v.array(v.number()), v.maxLength(100_000)),
    nextCursor: v.nullable(v.string()),
  }),
  v.strictObject({
    series: SeriesId,
    step: v.string(),
    timestamps: TimeColumn,
    aggregates: v.record(v.string(), ValueColumn),
    nextCursor: v.nullable(v.string()),
  }),
]);
export type Points = v.InferOutput<typeof Points>;
