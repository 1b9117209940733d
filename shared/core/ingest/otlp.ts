import type { Result } from "../result.ts";
import {
  base64,
  bool,
  double,
  fixed64,
  fromJson,
  fromProtobuf,
  int64Digits,
  integerOf,
  many,
  message,
  moved,
  one,
  sfixed64,
  sint32,
  text,
  uint,
} from "./message.ts";
import type { MessageType, Scalar, Unreadable } from "./message.ts";
import { FIXED64 } from "./wire.ts";

// The messages of OTLP metrics.

/** ExportMetricsServiceRequest, less what nobody here reads. Members are missing where the message has none of them. */
export interface ExportRequest {
  readonly resourceMetrics?: readonly ResourceMetrics[];
}
export interface ResourceMetrics {
  readonly resource?: { readonly attributes?: readonly KeyValue[] };
  readonly scopeMetrics?: readonly { readonly metrics?: readonly Metric[] }[];
}
export interface Metric {
  readonly name?: string;
  readonly unit?: string;
  readonly gauge?: Points<NumberDataPoint>;
  readonly sum?: Aggregated<NumberDataPoint> & { readonly isMonotonic?: boolean };
  readonly histogram?: Aggregated<HistogramDataPoint>;
  readonly exponentialHistogram?: Aggregated<ExponentialHistogramDataPoint>;
  readonly summary?: Points<SummaryDataPoint>;
}
interface Points<Point> {
  readonly dataPoints?: readonly Point[];
}
interface Aggregated<Point> extends Points<Point> {
  /** One of AGGREGATION. */
  readonly aggregationTemporality?: number;
}
export const AGGREGATION = { delta: 1, cumulative: 2 } as const;

export interface DataPoint {
  readonly attributes?: readonly KeyValue[];
  /** Unix ms: nanoseconds come, and are cut. */
  readonly timeUnixNano?: number;
  readonly flags?: number;
}
export interface NumberDataPoint extends DataPoint {
  readonly asDouble?: number;
  readonly asInt?: number;
}
interface Distribution extends DataPoint {
  readonly count?: number;
  readonly sum?: number;
}
export interface HistogramDataPoint extends Distribution {
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
  readonly min?: number;
  readonly max?: number;
}
export interface ExponentialHistogramDataPoint extends Distribution {
  readonly scale?: number;
  readonly zeroCount?: number;
  readonly zeroThreshold?: number;
  readonly positive?: ExponentialBuckets;
  readonly negative?: ExponentialBuckets;
  readonly min?: number;
  readonly max?: number;
}
/** Consecutive buckets, the first of index `offset`. */
export interface ExponentialBuckets {
  readonly offset?: number;
  readonly bucketCounts?: readonly number[];
}
export interface SummaryDataPoint extends Distribution {
  readonly quantileValues?: readonly { readonly quantile?: number; readonly value?: number }[];
}

export interface KeyValue {
  readonly key?: string;
  readonly value?: AnyValue;
}
/** At most one member. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  /** Its digits: beyond 2^53 they are no number here. */
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
  /** In base64. */
  readonly bytesValue?: string;
}

/**
 * Reads an ExportMetricsServiceRequest in protobuf.
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/metrics/v1/metrics.proto
 */
export function readOtlpProtobuf(bytes: Uint8Array): Result<ExportRequest, Unreadable> {
  return fromProtobuf(bytes, EXPORT_REQUEST);
}

/**
 * Reads an ExportMetricsServiceRequest in JSON, parsed.
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function readOtlpJson(json: unknown): Result<ExportRequest, Unreadable> {
  return fromJson(json, EXPORT_REQUEST);
}

const NANOS_A_MS = 1_000_000n;
/** Nanoseconds as they come, milliseconds as they are read. */
const nanos: Scalar<number> = {
  wireType: FIXED64,
  read: (wire) => Number(wire.view.getBigUint64(moved(wire, 8), true) / NANOS_A_MS),
  of(json) {
    const value = integerOf(json, 0n, 2n ** 64n);
    // A JSON number has lost its last digits: it is up to 256 too low.
    return value === undefined ? undefined : Number((typeof json === "number" ? value + 256n : value) / NANOS_A_MS);
  },
  expected: "nanoseconds since 1970, a string of digits",
};

const ANY_VALUE: MessageType<AnyValue> = message<AnyValue>({
  stringValue: one(1, text),
  boolValue: one(2, bool),
  intValue: one(3, int64Digits),
  doubleValue: one(4, double),
  arrayValue: one(5, () => ARRAY_VALUE),
  kvlistValue: one(6, () => KEY_VALUE_LIST),
  bytesValue: one(7, base64),
});
const KEY_VALUE: MessageType<KeyValue> = message<KeyValue>({ key: one(1, text), value: one(2, () => ANY_VALUE) });
const ARRAY_VALUE = message<NonNullable<AnyValue["arrayValue"]>>({ values: many(1, () => ANY_VALUE) });
const KEY_VALUE_LIST = message<NonNullable<AnyValue["kvlistValue"]>>({ values: many(1, () => KEY_VALUE) });

const NUMBER_DATA_POINT = message<NumberDataPoint>({
  timeUnixNano: one(3, nanos),
  asDouble: one(4, double),
  asInt: one(6, sfixed64),
  attributes: many(7, () => KEY_VALUE),
  flags: one(8, uint),
});
const HISTOGRAM_DATA_POINT = message<HistogramDataPoint>({
  timeUnixNano: one(3, nanos),
  count: one(4, fixed64),
  sum: one(5, double),
  bucketCounts: many(6, fixed64),
  explicitBounds: many(7, double),
  attributes: many(9, () => KEY_VALUE),
  flags: one(10, uint),
  min: one(11, double),
  max: one(12, double),
});
const EXPONENTIAL_BUCKETS = message<ExponentialBuckets>({ offset: one(1, sint32), bucketCounts: many(2, uint) });
const EXPONENTIAL_HISTOGRAM_DATA_POINT = message<ExponentialHistogramDataPoint>({
  attributes: many(1, () => KEY_VALUE),
  timeUnixNano: one(3, nanos),
  count: one(4, fixed64),
  sum: one(5, double),
  scale: one(6, sint32),
  zeroCount: one(7, fixed64),
  positive: one(8, () => EXPONENTIAL_BUCKETS),
  negative: one(9, () => EXPONENTIAL_BUCKETS),
  flags: one(10, uint),
  min: one(12, double),
  max: one(13, double),
  zeroThreshold: one(14, double),
});
const VALUE_AT_QUANTILE = message<NonNullable<SummaryDataPoint["quantileValues"]>[number]>({
  quantile: one(1, double),
  value: one(2, double),
});
const SUMMARY_DATA_POINT = message<SummaryDataPoint>({
  timeUnixNano: one(3, nanos),
  count: one(4, fixed64),
  sum: one(5, double),
  quantileValues: many(6, () => VALUE_AT_QUANTILE),
  attributes: many(7, () => KEY_VALUE),
  flags: one(8, uint),
});

const GAUGE = message<NonNullable<Metric["gauge"]>>({ dataPoints: many(1, () => NUMBER_DATA_POINT) });
const SUM = message<NonNullable<Metric["sum"]>>({
  dataPoints: many(1, () => NUMBER_DATA_POINT),
  aggregationTemporality: one(2, uint),
  isMonotonic: one(3, bool),
});
const HISTOGRAM = message<NonNullable<Metric["histogram"]>>({
  dataPoints: many(1, () => HISTOGRAM_DATA_POINT),
  aggregationTemporality: one(2, uint),
});
const EXPONENTIAL_HISTOGRAM = message<NonNullable<Metric["exponentialHistogram"]>>({
  dataPoints: many(1, () => EXPONENTIAL_HISTOGRAM_DATA_POINT),
  aggregationTemporality: one(2, uint),
});
const SUMMARY = message<NonNullable<Metric["summary"]>>({ dataPoints: many(1, () => SUMMARY_DATA_POINT) });
const METRIC = message<Metric>({
  name: one(1, text),
  unit: one(3, text),
  gauge: one(5, () => GAUGE),
  sum: one(7, () => SUM),
  histogram: one(9, () => HISTOGRAM),
  exponentialHistogram: one(10, () => EXPONENTIAL_HISTOGRAM),
  summary: one(11, () => SUMMARY),
});

const RESOURCE = message<NonNullable<ResourceMetrics["resource"]>>({ attributes: many(1, () => KEY_VALUE) });
const SCOPE_METRICS = message<NonNullable<ResourceMetrics["scopeMetrics"]>[number]>({ metrics: many(2, () => METRIC) });
const RESOURCE_METRICS = message<ResourceMetrics>({ resource: one(1, () => RESOURCE), scopeMetrics: many(2, () => SCOPE_METRICS) });
const EXPORT_REQUEST = message<ExportRequest>({ resourceMetrics: many(1, () => RESOURCE_METRICS) });
