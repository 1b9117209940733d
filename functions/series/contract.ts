import * as v from "valibot";
import { SeriesId } from "../../shared/contract/ids.ts";
import { Cursor, many, pageQuery, queryInteger } from "../../shared/contract/page.ts";
import { QueryMatcher } from "../../shared/contract/query-matcher.ts";
import { Aggregate, MetricKey } from "../../shared/contract/series.ts";
import { atLeast, Duration, parseDuration, QueryTime, TimeColumn } from "../../shared/contract/time.ts";

export const ListSeriesQuery = v.strictObject({
  metricKey: v.optional(MetricKey),
  match: v.optional(many(QueryMatcher, 32)),
  ...pageQuery,
});

const QuerySensitivity = v.pipe(
  v.string(),
  v.regex(/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/, "Expected a number from 0 to 1"),
  v.transform(Number),
);

export const MAX_POINTS_A_PAGE = 10_000;

/** `step` asks for buckets, each with the aggregates of `agg` (avg when none is named). */
export const PointsQuery = v.pipe(
  v.strictObject({
    id: SeriesId,
    from: v.optional(QueryTime),
    to: v.optional(QueryTime),
    step: v.optional(
      v.pipe(
        v.string(),
        v.transform((text) => (parseDuration(text) === null && /^\d+$/.test(text) ? Number(text) : text)),
        Duration,
        atLeast(1_000),
      ),
    ),
    agg: v.optional(many(Aggregate, 11)),
    as: v.optional(v.picklist(["raw", "rate"]), "raw"),
    limit: v.optional(queryInteger(1, MAX_POINTS_A_PAGE), "1000"),
    order: v.optional(v.picklist(["asc", "desc"]), "asc"),
    cursor: v.optional(v.pipe(Cursor, v.regex(/^\d{1,15}$/), v.transform(Number))),
  }),
  v.forward(
    v.check(({ step, agg }) => step !== undefined || agg === undefined, "agg needs a step"),
    ["agg"],
  ),
  v.forward(
    v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
    ["from"],
  ),
);

export const ScoresQuery = v.pipe(
  v.strictObject({
    id: SeriesId,
    from: v.optional(QueryTime),
    to: v.optional(QueryTime),
    sensitivity: v.optional(QuerySensitivity),
    limit: v.optional(queryInteger(1, MAX_POINTS_A_PAGE), "1000"),
    order: v.optional(v.picklist(["asc", "desc"]), "asc"),
    cursor: v.optional(v.pipe(Cursor, v.regex(/^\d{1,15}$/), v.transform(Number))),
  }),
  v.forward(
    v.check(({ from, to }) => from === undefined || to === undefined || from < to, "Expected from before to"),
    ["from"],
  ),
);

const scores = v.pipe(v.array(v.nullable(v.number())), v.maxLength(MAX_POINTS_A_PAGE));

/** Columns, one row a point; of a counter its rates. Before there is a score, and where nothing is expected, there is null. */
export const Scores = v.strictObject({
  series: SeriesId,
  timestamps: v.pipe(TimeColumn, v.maxLength(MAX_POINTS_A_PAGE)),
  values: v.pipe(v.array(v.number()), v.maxLength(MAX_POINTS_A_PAGE)),
  scores,
  expected: scores,
  /** The band at the sensitivity. */
  lo: scores,
  hi: scores,
  /** 1 where the point is anomalous at the sensitivity, 0 where it is not. */
  anomalous: v.pipe(v.array(v.picklist([0, 1])), v.maxLength(MAX_POINTS_A_PAGE)),
  nextCursor: v.nullable(v.string()),
});
export type Scores = v.InferOutput<typeof Scores>;
