import { MAX_AHEAD_MS } from "../../contract/ingest.ts";
import { LATEST_MS } from "../../contract/time.ts";
import type { SeriesKind } from "../../contract/series.ts";
import { addPoint, newBatch } from "../series/batch.ts";
import type { NamedSeries, PointBatch } from "../series/batch.ts";

/** What a request of a protocol of others brought, each point judged alone. */
export interface Intake {
  readonly points: PointBatch;
  readonly rejected: readonly RejectedPoint[];
  /** What the protocol says of series beside their names. */
  readonly metadata: ReadonlyMap<NamedSeries, { readonly kind: SeriesKind | null; readonly unit: string | null }>;
}

/** A point, or something that was to be one, and why it is not taken in. */
export interface RejectedPoint {
  readonly reason: string;
  /** As JSON, a metric as our own door takes it where it comes to that: so it can be sent again. */
  readonly payload: string;
}

/**
 * Gathers the points of a request.
 * @param now - Unix ms: a timestamp may lie MAX_AHEAD_MS ahead of it.
 */
export function openIntake(now: number) {
  const points = newBatch<NamedSeries>();
  const rejected: RejectedPoint[] = [];
  const metadata = new Map<NamedSeries, { readonly kind: SeriesKind | null; readonly unit: string | null }>();
  const latest = now + MAX_AHEAD_MS;
  const intake: Intake = { points, rejected, metadata };
  return {
    intake,
    /** Takes a point, or rejects it. @param timestamp - Unix ms, any number. */
    add(series: NamedSeries, timestamp: number, value: number): void {
      if (Number.isFinite(value) && Number.isInteger(timestamp) && timestamp >= 0 && timestamp <= latest) {
        addPoint(points, series, timestamp, value);
        return;
      }
      const { metricKey, dimensions } = series;
      const payload = {
        metricKey,
        dimensions: JSON.parse(dimensions) as unknown,
        timestamp,
        value: Number.isFinite(value) ? value : String(value),
      };
      rejected.push({ reason: whyRejected(timestamp, value), payload: JSON.stringify(payload) });
    },
    reject(reason: string, payload: unknown): void {
      rejected.push({ reason, payload: JSON.stringify(payload) });
    },
    describe(series: NamedSeries, kind: SeriesKind | undefined, unit: string): void {
      if (kind !== undefined || unit !== "") metadata.set(series, { kind: kind ?? null, unit: unit === "" ? null : unit.slice(0, 63) });
    },
  };
}

function whyRejected(timestamp: number, value: number): string {
  if (!Number.isFinite(value)) return "value: Expected a finite number";
  if (!Number.isInteger(timestamp) || timestamp < 0 || timestamp > LATEST_MS) return "timestamp: Lies outside the years 1970 to 9999";
  return "timestamp: Lies more than 7 days ahead";
}
