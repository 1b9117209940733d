import * as v from "valibot";
import { MAX_AHEAD_MS, Metric, parseMetricTime } from "../../contract/ingest.ts";
import type { RejectedMetric } from "../../contract/ingest.ts";
import { fieldErrors } from "../../contract/problem.ts";
import { UNSAFE_NAMES } from "../../contract/record.ts";
import { DIMENSION_NAME, MAX_DIMENSION_VALUE_BYTES, MAX_DIMENSIONS, METRIC_KEY } from "../../contract/series.ts";
import type { Dimensions } from "../../contract/series.ts";
import { addPoint, newBatch } from "../series/batch.ts";
import type { NamedSeries, PointBatch } from "../series/batch.ts";
import type { Floor } from "./floor.ts";

interface AcceptedPoint {
  readonly metricKey: string;
  readonly timestamp: number;
  readonly value: number;
  readonly dimensions: Dimensions;
}

export interface Accepted {
  readonly points: PointBatch;
  readonly rejected: readonly RejectedMetric[];
}

/** Why a point of a new series is not taken in. */
export const SERIES_LIMIT_REACHED = "A new series, and the organisation has as many as it may have (GET /api/v1/usage)";

/**
 * Judges each metric of a batch alone.
 *
 * @param metrics - As they came, shape (n,).
 * @param now - Unix ms: a timestamp may lie MAX_AHEAD_MS ahead of it.
 * @param resolve - The series that a metric and its dimensions name.
 * @param refused - New series that the organisation may not have.
 * @param floor - How far back its points reach.
 * @returns The points in their order, and for each other metric its index, the first member that is wrong, and why.
 */
export function acceptMetrics(
  metrics: readonly unknown[],
  now: number,
  resolve: (metricKey: string, dimensions: Dimensions) => NamedSeries,
  refused: ReadonlySet<NamedSeries> = new Set(),
  floor: Floor | null = null,
): Accepted {
  const points = newBatch<NamedSeries>();
  const rejected: RejectedMetric[] = [];
  const latest = now + MAX_AHEAD_MS;
  const readTime = rememberLast(parseMetricTime);
  for (const [index, metric] of metrics.entries()) {
    const point = readMetric(metric, readTime) ?? parseMetric(metric);
    if ("message" in point) rejected.push({ index, ...point });
    else if (point.timestamp > latest) rejected.push({ index, path: "timestamp", message: "Lies more than 7 days ahead" });
    else if (floor !== null && point.timestamp < floor.earliest) rejected.push({ index, path: "timestamp", message: floor.reason });
    else {
      const series = resolve(point.metricKey, point.dimensions);
      if (refused.has(series)) rejected.push({ index, path: "", message: SERIES_LIMIT_REACHED });
      else addPoint(points, series, point.timestamp, point.value);
    }
  }
  return { points, rejected };
}

/**
 * Reads a metric by hand, ten times as fast as the schema does: it accepts exactly what the schema accepts.
 * @returns null for everything else: the schema then says what is wrong.
 */
export function readMetric(metric: unknown, readTime = parseMetricTime): AcceptedPoint | null {
  if (typeof metric !== "object" || metric === null || Array.isArray(metric)) return null;
  const { metricKey, timestamp, value, dimensions } = metric as Record<string, unknown>;
  if (typeof metricKey !== "string" || !METRIC_KEY.test(metricKey)) return null;
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  const time = readTime(timestamp);
  if (time === null) return null;
  for (const name in metric) {
    if (name !== "metricKey" && name !== "timestamp" && name !== "value" && name !== "dimensions") return null;
  }
  if (dimensions === undefined) return { metricKey, timestamp: time, value, dimensions: {} };
  const read = readDimensions(dimensions);
  return read === null ? null : { metricKey, timestamp: time, value, dimensions: read };
}

/** A batch often has one time: a scrape's. */
function rememberLast(read: typeof parseMetricTime): typeof parseMetricTime {
  let [last, lastTime]: [unknown, number | null] = [undefined, null];
  return (value) => {
    if (value !== last) [last, lastTime] = [value, read(value)];
    return lastTime;
  };
}

function readDimensions(dimensions: unknown): Dimensions | null {
  if (typeof dimensions !== "object" || dimensions === null || Array.isArray(dimensions)) return null;
  let n = 0;
  let texts = true;
  for (const name in dimensions) {
    const value = (dimensions as Record<string, unknown>)[name];
    n += 1;
    if (n > MAX_DIMENSIONS || !DIMENSION_NAME.test(name) || UNSAFE_NAMES.includes(name)) return null;
    if (typeof value !== "string") texts = false;
    else if (value.length * 3 > MAX_DIMENSION_VALUE_BYTES && Buffer.byteLength(value) > MAX_DIMENSION_VALUE_BYTES) return null;
  }
  // Numbers and booleans among them are rare: the schema turns them into strings.
  return texts ? (dimensions as Dimensions) : null;
}

function parseMetric(metric: unknown): AcceptedPoint | { path: string; message: string } {
  const parsed = v.safeParse(Metric, metric, { abortEarly: true });
  if (parsed.success) return parsed.output;
  return fieldErrors(parsed.issues)[0]!;
}
