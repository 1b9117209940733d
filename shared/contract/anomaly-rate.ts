import * as v from "valibot";
import { IsoTime, parseDuration, QueryTime, TimeColumn } from "./time.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const STEP = "Expected a duration from 1m to 400d";

/** Most buckets of one answer. */
export const MAX_RATE_BUCKETS = 1_000;

/** The last seven days, unless `from` or `to` says otherwise; whole buckets of UTC, those at the ends too. */
export const AnomalyRateQuery = v.strictObject({
  from: v.optional(QueryTime),
  to: v.optional(QueryTime),
  step: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => (/^\d{1,12}$/.test(text) ? Number(text) : (parseDuration(text) ?? Number.NaN))),
      v.number(STEP),
      v.integer(STEP),
      v.minValue(MINUTE_MS, STEP),
      v.maxValue(400 * DAY_MS, STEP),
    ),
    "1h",
  ),
});

const counts = v.pipe(v.array(v.number()), v.maxLength(MAX_RATE_BUCKETS));

/**
 * Columns, one row a bucket. `anomalous`: series with an anomaly that is not historical, raised in it or open then; one is over with the first
 * point that is none, or after three cadences without a point. `scored`: series that were scored in the busiest hour of the bucket, from a step
 * of one day on in its busiest day; at least those that were anomalous. `rate`: the share; null where nothing was scored.
 */
export const AnomalyRate = v.strictObject({
  from: IsoTime,
  to: IsoTime,
  step: v.string(),
  timestamps: TimeColumn,
  anomalous: counts,
  scored: counts,
  rate: v.pipe(v.array(v.nullable(v.number())), v.maxLength(MAX_RATE_BUCKETS)),
});
export type AnomalyRate = v.InferOutput<typeof AnomalyRate>;
