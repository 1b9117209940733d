import type { Dimensions, SeriesKind } from "../../contract/series.ts";
import type { Result } from "../result.ts";
import type { NamedSeries } from "../series/batch.ts";
import { explicitBuckets, exponentialBuckets, quantilesOf } from "./histogram.ts";
import type { Bucket, Extremes } from "./histogram.ts";
import { keptOf } from "./intake.ts";
import type { openIntake } from "./intake.ts";
import { nameSeries } from "./names.ts";
import { AGGREGATION } from "./otlp.ts";
import type {
  AnyValue,
  DataPoint,
  ExponentialHistogramDataPoint,
  ExportRequest,
  HistogramDataPoint,
  KeyValue,
  Metric,
  NumberDataPoint,
  ResourceMetrics,
  SummaryDataPoint,
} from "./otlp.ts";

/** What tells the series of one resource from those of others; all else that is said of a resource, and of a scope, is left out of names. */
const RESOURCE_ATTRIBUTES = ["service.name", "service.instance.id"];
const QUANTILES = [0.5, 0.9, 0.95, 0.99];
/** The bit of a point's flags that says that there is none: the series has ended, or was not there at that time. */
const NO_RECORDED_VALUE = 1;

type Gather = ReturnType<typeof openIntake>;
type Labels = readonly (readonly [name: string, value: string])[];

/** One of the series that a data point has a value for. */
interface Part {
  /** Behind the metric's name. */
  readonly suffix: "" | ".count" | ".sum" | ".min" | ".max";
  readonly kind: SeriesKind;
  readonly value: number;
  readonly quantile?: number;
}

/**
 * Takes in the data points of a request, each judged alone.
 *
 * A series is named after its metric, the attributes of its points, and `service.name` and `service.instance.id` of the resource, where no point has
 * its own; other attributes of the resource, and the scope, are left out. A gauge, and a cumulative sum that is not monotonic, is a gauge; a cumulative
 * monotonic sum is a counter; a sum of deltas is a delta. A distribution becomes `NAME.count` and `NAME.sum`, counters or deltas, and gauges: `NAME.min`
 * and `NAME.max` where it has them, and quantiles, under its own name with the dimension `quantile`. Those of a histogram are of all that it has counted
 * so far where it is cumulative, of the time since the point before where it is of deltas.
 *
 * @returns How many data points were rejected, whole or in part.
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/
 */
export function gatherOtlp(
  { resourceMetrics = [] }: ExportRequest,
  gather: Gather,
  resolve: (metricKey: string, dimensions: Dimensions) => NamedSeries,
): number {
  let rejected = 0;
  for (const { resource, scopeMetrics = [] } of resourceMetrics) {
    const own = labelsOf(resource);
    for (const { metrics = [] } of scopeMetrics) for (const metric of metrics) rejected += gatherMetric(metric, own, gather, resolve);
  }
  return rejected;
}

function gatherMetric(metric: Metric, resource: Labels, gather: Gather, resolve: Parameters<typeof gatherOtlp>[2]): number {
  // Cut where it is too long at any rate: it is looked at for each point.
  const name = (metric.name ?? "").slice(0, 201);
  const unit = metric.unit ?? "";
  let rejected = 0;
  const take = <Point extends DataPoint>(
    points: readonly Point[] = [],
    partsOf: (point: Point) => Result<readonly Part[], string>,
  ): void => {
    for (const point of points) {
      if (((point.flags ?? 0) & NO_RECORDED_VALUE) !== 0) continue;
      const before = gather.intake.rejections;
      gatherPoint(point, partsOf(point), { name, unit, resource }, gather, resolve);
      if (gather.intake.rejections > before) rejected += 1;
    }
  };
  const { gauge, sum, histogram, exponentialHistogram, summary } = metric;
  if (gauge !== undefined) take(gauge.dataPoints, (point) => numberParts(point, "gauge"));
  else if (sum !== undefined) {
    const aggregated = aggregatedKind(sum.aggregationTemporality);
    const kind = aggregated === "counter" && sum.isMonotonic !== true ? "gauge" : aggregated;
    take(sum.dataPoints, (point) => numberParts(point, kind));
  } else if (histogram !== undefined) {
    const kind = aggregatedKind(histogram.aggregationTemporality);
    take(histogram.dataPoints, (point) => histogramParts(point, kind, explicit(point)));
  } else if (exponentialHistogram !== undefined) {
    const kind = aggregatedKind(exponentialHistogram.aggregationTemporality);
    take(exponentialHistogram.dataPoints, (point) => histogramParts(point, kind, exponential(point)));
  } else if (summary !== undefined) take(summary.dataPoints, summaryParts);
  return rejected;
}

function gatherPoint(
  point: DataPoint,
  parts: Result<readonly Part[], string>,
  { name, unit, resource }: { readonly name: string; readonly unit: string; readonly resource: Labels },
  { add, reject, describe }: Gather,
  resolve: Parameters<typeof gatherOtlp>[2],
): void {
  const { attributes = [], timeUnixNano: timestamp = 0, ...rest } = point;
  const own: Labels = attributes.map(({ key = "", value }) => [key, textOf(value)]);
  const labels = [...resource.filter(([label]) => !own.some(([present]) => present === label)), ...own].filter(([, value]) => value !== "");
  const dimensions = () => Object.fromEntries(keptOf(labels));
  if (!parts.ok) {
    reject(parts.error, { metricKey: name, dimensions: dimensions(), timestamp, ...rest });
    return;
  }
  // Each of many parts has all the labels: what is wrong with them is found out once, and the point rejected once.
  const all = parts.value.length > 1 ? nameSeries(name, labels) : null;
  if (all?.ok === false) {
    reject(all.error, { metricKey: name, dimensions: dimensions(), timestamp, ...rest });
    return;
  }
  for (const { suffix, kind, value, quantile } of parts.value) {
    const named = nameSeries(name + suffix, quantile === undefined ? labels : [...labels, ["quantile", String(quantile)]]);
    if (!named.ok || timestamp === 0) {
      const payload = { metricKey: name + suffix, dimensions: { ...dimensions(), ...(quantile === undefined ? {} : { quantile }) }, value };
      reject(named.ok ? "timestamp: The point has none" : named.error, timestamp === 0 ? payload : { ...payload, timestamp });
      continue;
    }
    const series = resolve(named.value.metricKey, named.value.dimensions);
    if (add(series, timestamp, value)) describe(series, kind, suffix === ".count" ? "" : unit);
  }
}

const labelsOf = (resource: ResourceMetrics["resource"]): Labels =>
  (resource?.attributes ?? []).flatMap(({ key = "", value }) =>
    // Cut where it is too long at any rate: it is looked at for each point.
    RESOURCE_ATTRIBUTES.includes(key) ? [[key, textOf(value).slice(0, 1_025)] as const] : [],
  );

function aggregatedKind(temporality: number | undefined): "counter" | "delta" | undefined {
  if (temporality === AGGREGATION.cumulative) return "counter";
  return temporality === AGGREGATION.delta ? "delta" : undefined;
}

const NO_TEMPORALITY = { ok: false, error: "aggregationTemporality: Expected 1 (delta) or 2 (cumulative)" } as const;

function numberParts({ asDouble, asInt }: NumberDataPoint, kind: SeriesKind | undefined): Result<readonly Part[], string> {
  if (kind === undefined) return NO_TEMPORALITY;
  const value = asDouble ?? asInt;
  return value === undefined ? { ok: false, error: "value: The point has none" } : { ok: true, value: [{ suffix: "", kind, value }] };
}

const explicit = ({ explicitBounds = [], bucketCounts = [], ...extremes }: HistogramDataPoint): Result<readonly Bucket[], string> => {
  const buckets = explicitBuckets(explicitBounds, bucketCounts, extremes);
  return buckets === null
    ? { ok: false, error: "explicitBounds: Expected finite numbers that ascend, one less than bucketCounts" }
    : { ok: true, value: buckets };
};

function exponential({ scale = 0, zeroCount = 0, zeroThreshold = 0, positive, negative }: ExponentialHistogramDataPoint) {
  const sided = ({ offset = 0, bucketCounts = [] }: NonNullable<typeof positive> = {}) => ({ offset, counts: bucketCounts });
  const buckets = exponentialBuckets({ scale, zeroCount, zeroThreshold, positive: sided(positive), negative: sided(negative) });
  return buckets === null ? ({ ok: false, error: "scale: Expected -10 to 20" } as const) : ({ ok: true, value: buckets } as const);
}

function histogramParts(
  { count = 0, sum, min, max }: HistogramDataPoint | ExponentialHistogramDataPoint,
  kind: "counter" | "delta" | undefined,
  buckets: Result<readonly Bucket[], string>,
): Result<readonly Part[], string> {
  if (kind === undefined) return NO_TEMPORALITY;
  if (!buckets.ok) return buckets;
  const parts: Part[] = [{ suffix: ".count", kind, value: count }];
  if (sum !== undefined) parts.push({ suffix: ".sum", kind, value: sum });
  // Of no values there is no least one, whatever the sender puts there.
  if (count === 0) return { ok: true, value: parts };
  if (min !== undefined) parts.push({ suffix: ".min", kind: "gauge", value: min });
  if (max !== undefined) parts.push({ suffix: ".max", kind: "gauge", value: max });
  const extremes: Extremes = { min, max };
  quantilesOf(buckets.value, QUANTILES, extremes).forEach((value, place) =>
    parts.push({ suffix: "", kind: "gauge", value, quantile: QUANTILES[place]! }),
  );
  return { ok: true, value: parts };
}

function summaryParts({ count = 0, sum = 0, quantileValues = [] }: SummaryDataPoint): Result<readonly Part[], string> {
  return {
    ok: true,
    value: [
      { suffix: ".count", kind: "counter", value: count },
      { suffix: ".sum", kind: "counter", value: sum },
      ...quantileValues.map(({ quantile = 0, value = 0 }): Part => ({ suffix: "", kind: "gauge", value, quantile })),
    ],
  };
}

/** An attribute's value as a text: arrays and lists as JSON. */
function textOf({ stringValue, boolValue, intValue, doubleValue, bytesValue, ...values }: AnyValue = {}): string {
  const plain = stringValue ?? boolValue ?? intValue ?? doubleValue ?? bytesValue;
  if (plain !== undefined) return String(plain);
  return values.arrayValue === undefined && values.kvlistValue === undefined ? "" : jsonOf(values);
}

/** As JSON text, for integers of 64 bits are no numbers here. */
function jsonOf(value: AnyValue = {}): string {
  const { arrayValue, kvlistValue, intValue, doubleValue } = value;
  if (arrayValue !== undefined) return `[${(arrayValue.values ?? []).map(jsonOf).join(",")}]`;
  if (kvlistValue !== undefined) return `{${(kvlistValue.values ?? []).map(memberOf).join(",")}}`;
  if (intValue !== undefined) return intValue;
  if (doubleValue !== undefined) return Number.isFinite(doubleValue) ? String(doubleValue) : JSON.stringify(String(doubleValue));
  return JSON.stringify(value.stringValue ?? value.boolValue ?? value.bytesValue ?? null);
}

const memberOf = ({ key = "", value }: KeyValue): string => `${JSON.stringify(key)}:${jsonOf(value)}`;
