import { MAX_AHEAD_MS } from "../../contract/ingest.ts";
import { LATEST_MS } from "../../contract/time.ts";
import type { SeriesKind } from "../../contract/series.ts";
import { addPoint, newBatch } from "../series/batch.ts";
import type { NamedSeries, PointBatch } from "../series/batch.ts";

/** What a request of a protocol of others brought, each point judged alone. */
export interface Intake {
  readonly points: PointBatch;
  /** The first that were rejected: MAX_KEPT of them, or those that come to MAX_KEPT_CHARACTERS. */
  readonly rejected: readonly RejectedPoint[];
  /** All that were. */
  readonly rejections: number;
  /** What the protocol says of series beside their names. */
  readonly metadata: ReadonlyMap<NamedSeries, { readonly kind: SeriesKind | null; readonly unit: string | null }>;
}

/** A point, or something that was to be one, and why it is not taken in. */
export interface RejectedPoint {
  readonly reason: string;
  /** As JSON, cut at KEPT_CHARACTERS; a metric as our own door takes it where it comes to that: so it can be sent again. */
  readonly payload: string;
}

/** A dead letter keeps so much of what was sent: what is longer is cut, and no JSON any more. */
export const KEPT_CHARACTERS = 4_096;

/** As many of some labels, and as much of each, as a dead letter keeps: a few bytes of a request may stand for long ones, many times over. */
export function keptOf(labels: Iterable<readonly [name: string, value: string]>): readonly (readonly [string, string])[] {
  const kept: (readonly [string, string])[] = [];
  let characters = 0;
  for (const [name, value] of labels) {
    const short = [name.slice(0, KEPT_CHARACTERS + 1), value.slice(0, KEPT_CHARACTERS + 1)] as const;
    kept.push(short);
    characters += short[0].length + short[1].length;
    if (characters > KEPT_CHARACTERS || kept.length > KEPT_CHARACTERS) break;
  }
  return kept;
}

/** As a text of its own: what is cut out of another would hold all of it. */
function cut(payload: string): string {
  return payload.length > KEPT_CHARACTERS ? Buffer.from(payload.slice(0, KEPT_CHARACTERS)).toString() : payload;
}

/** Of the rejected points of one request so many are kept: as many as an organisation keeps of all. */
const MAX_KEPT = 10_000;
/** And so much of what was sent, in characters: a small request may name long things many times over. */
const MAX_KEPT_CHARACTERS = 2 ** 22;

/** Adds to what is kept of a request, as long as there is room. */
function keeper(rejected: RejectedPoint[]): (reason: string, payload: unknown) => void {
  let room = rejected.reduce((left, { payload }) => left - payload.length, MAX_KEPT_CHARACTERS);
  return (reason, payload) => {
    if (rejected.length >= MAX_KEPT || room <= 0) return;
    const text = cut(JSON.stringify(payload));
    room -= text.length;
    rejected.push({ reason, payload: text });
  };
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
  const intake = { points, rejected, metadata, rejections: 0 };
  const keepOne = keeper(rejected);
  const keep = (reason: string, payload: unknown): void => {
    intake.rejections += 1;
    keepOne(reason, payload);
  };
  return {
    intake: intake as Intake,
    /** Takes a point, or rejects it. @param timestamp - Unix ms, any number. @returns Whether it is taken. */
    add(series: NamedSeries, timestamp: number, value: number): boolean {
      if (Number.isFinite(value) && Number.isInteger(timestamp) && timestamp >= 0 && timestamp <= latest) {
        addPoint(points, series, timestamp, value);
        return true;
      }
      const { metricKey, dimensions } = series;
      keep(whyRejected(timestamp, value), {
        metricKey,
        dimensions: JSON.parse(dimensions) as unknown,
        timestamp,
        value: Number.isFinite(value) ? value : String(value),
      });
      return false;
    },
    reject: keep,
    /** Keeps what the protocol says of a series. */
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

/**
 * The same without some points, which are rejected.
 * @param why - The reason not to take a point in; null where there is none.
 */
export function withoutRefused(intake: Intake, why: (series: NamedSeries, timestamp: number) => string | null): Intake {
  const { series, counts, timestamps, values } = intake.points;
  const points = newBatch<NamedSeries>();
  const rejected = [...intake.rejected];
  const keep = keeper(rejected);
  let { rejections } = intake;
  let row = 0;
  for (const [run, of] of series.entries()) {
    for (const end = row + counts[run]!; row < end; row++) {
      const [timestamp, value] = [timestamps[row]!, values[row]!];
      const reason = why(of, timestamp);
      if (reason === null) {
        addPoint(points, of, timestamp, value);
        continue;
      }
      rejections += 1;
      keep(reason, { metricKey: of.metricKey, dimensions: JSON.parse(of.dimensions) as unknown, timestamp, value });
    }
  }
  return { ...intake, points, rejected, rejections };
}
