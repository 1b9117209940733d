import * as v from "valibot";
import { FieldError } from "./problem.ts";
import { Dimensions, MetricKey } from "./series.ts";
import { isoTime, isSeconds, parseTime, PointTime, SECONDS_MESSAGE, TIME_MESSAGE } from "./time.ts";

export const MAX_METRICS = 1_000;
/** Timestamps may lie this far ahead of now. */
export const MAX_AHEAD_MS = 7 * 86_400_000;

/** As parseTime, where a number that looks like seconds is none. */
export const parseMetricTime = (value: unknown): number | null => (isSeconds(value) ? null : parseTime(value));
/** A time as a metric may have it. */
export const metricTime = (ms: number): number | string => (isSeconds(ms) ? isoTime(ms) : ms);

const MetricTime = v.pipe(
  v.union([v.number(), v.string()], TIME_MESSAGE),
  v.check((value) => !isSeconds(value), SECONDS_MESSAGE),
  PointTime,
);

export const Metric = v.strictObject({
  metricKey: MetricKey,
  timestamp: MetricTime,
  value: v.pipe(v.number("Expected a finite number"), v.finite("Expected a finite number")),
  dimensions: v.optional(Dimensions, {}),
});
export type Metric = v.InferOutput<typeof Metric>;

/** The envelope is judged as a whole; each metric is judged alone, against Metric. */
export const IngestRequest = v.strictObject({
  metrics: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(MAX_METRICS)),
});
export type IngestRequest = v.InferOutput<typeof IngestRequest>;

export const RejectedMetric = v.strictObject({ index: v.number(), ...FieldError.entries });
export type RejectedMetric = v.InferOutput<typeof RejectedMetric>;

export const IngestAnswer = v.strictObject({
  accepted: v.number(),
  rejected: v.number(),
  errors: v.array(RejectedMetric),
});
export type IngestAnswer = v.InferOutput<typeof IngestAnswer>;
