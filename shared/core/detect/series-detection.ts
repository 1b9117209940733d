import type { AnomalyId, OrgId, SeriesId } from "../../contract/ids.ts";
import type { SeriesKind } from "../../contract/series.ts";
import type { ScoredAnomaly } from "../alert/anomaly.ts";
import { hashId } from "../hash-id.ts";
import { hasRate, rateSince } from "../series/rate.ts";
import type { CountedPoint } from "../series/rate.ts";
import { advance, createDetector, detectorCadence } from "./detector.ts";
import type { DetectorState, PointScore } from "./detector.ts";
import { DEFAULT_DETECTION } from "./effective-settings.ts";
import type { Scoring } from "./effective-settings.ts";
import { findAnomalies } from "./findings.ts";
import type { ScoringProgress } from "./findings.ts";
import { decodeState, encodeState } from "./state-codec.ts";

/** What live detection remembers of a series. Times are Unix ms. */
export interface DetectorRecord extends ScoringProgress {
  readonly series: SeriesId;
  /** As the series is said to be now: a counter is scored by its rates. Not stored here. */
  readonly kind: SeriesKind | null;
  /** The newest point of a series that was scored by its rates; null of all others. */
  readonly counted: CountedPoint | null;
  /** As it was loaded, 0 when it was not stored yet: what a write compares with. The write adds one. */
  readonly version: number;
  /** The log row up to which the series was scored: 0 at first. */
  readonly seq: number;
  /** The learned time between points; null until there is one. */
  readonly cadenceMs: number | null;
  /** The detector, encoded. */
  readonly state: Uint8Array;
}

/** An anomaly that live detection found. Times are Unix ms. */
export type NewAnomaly = ScoredAnomaly & { readonly series: SeriesId; readonly detectedAt: number };

/** Points to be scored, in the order they came; shape (n,) each. */
export interface ArrivedPoints {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** 1 where a point was older than the lateness bound when it came. */
  readonly historical: Uint8Array;
}

/** What scoring a batch of one series changes. */
export interface SeriesDetection {
  readonly record: DetectorRecord;
  readonly anomalies: readonly NewAnomaly[];
  /** Points that clear what was open before. */
  readonly clears: readonly number[];
  /** The last point that cleared a live anomaly; null when none did. */
  readonly clearedAt: number | null;
  /** Why the series was learned anew; null when it was not. */
  readonly trouble: string | null;
  /** Whether the series was learned by the clock of another time zone, as it still is. */
  readonly isOfAnotherClock: boolean;
}

/** A series before its first point. */
export const newDetectorRecord = (series: SeriesId, kind: SeriesKind | null = null): DetectorRecord => ({
  series,
  kind,
  counted: null,
  version: 0,
  seq: 0,
  scoredTo: null,
  calmTo: null,
  cadenceMs: null,
  open: "none",
  state: new Uint8Array(),
});

/** The id of an anomaly: the same point of a series is never two. */
export const anomalyId = (org: OrgId, series: SeriesId, timestamp: number): AnomalyId => hashId("ano", [org, series, timestamp]);

/**
 * Scores what has come in for one series. A state that cannot be read, or that the detector fails on, is given up: the series is learned
 * anew from this batch, so that it never stands in the way of others.
 *
 * @param detectedAt - Unix ms.
 * @param scoring - Without one, as a series is scored of which nobody has said anything: what is anomalous at one false alarm in ten days.
 */
export function detectSeries(
  org: OrgId,
  record: DetectorRecord,
  arrived: ArrivedPoints,
  detectedAt: number,
  scoring: Scoring = DEFAULT_DETECTION.scoring,
): SeriesDetection {
  const { series } = record;
  const { points, counted } = levelsOf(record, arrived);
  const { detector, scores, trouble } = advanceStored(isOfAnotherKind(record) ? new Uint8Array() : record.state, points, scoring);
  const found = findAnomalies(scores, (row) => points.historical[row] === 1, record);
  const anomalies = found.anomalies.map(({ row, historical, clearedAt }): NewAnomaly => {
    const { timestamp, value, expected, lo, hi, score, severity, direction, daysPerFalseAlarm, methods } = scores[row]!;
    const id = anomalyId(org, series, timestamp);
    const scored = { timestamp, value, expected, lo, hi, score, direction, daysPerFalseAlarm, methods };
    // An anomaly has a severity: while there is no score, nothing is anomalous.
    return { id, series, ...scored, severity: severity!, historical, clearedAt, detectedAt };
  });
  const state = encodeState(detector);
  return {
    record: { ...record, counted, ...found.progress, cadenceMs: detectorCadence(detector), state },
    anomalies,
    clears: found.clears,
    clearedAt: found.clearedAt,
    trouble,
    isOfAnotherClock: detector.timezone !== scoring.timezone,
  };
}

/** Whether a state was learned from values and the series is scored by rates, or the other way round: neither says anything of the other. */
export const isOfAnotherKind = ({ kind, counted }: DetectorRecord): boolean => hasRate(kind) !== (counted !== null);

/** What is scored of the points that came: of a counter its rates, of those points that are newer than all before. */
function levelsOf({ kind, counted }: DetectorRecord, points: ArrivedPoints): { points: ArrivedPoints; counted: CountedPoint | null } {
  if (!hasRate(kind)) return { points, counted: null };
  const [timestamps, values, historical] = [[] as number[], [] as number[], [] as number[]];
  let newest = counted;
  for (const [row, timestamp] of points.timestamps.entries()) {
    if (newest !== null && timestamp <= newest.timestamp) continue;
    const point = { timestamp, value: points.values[row]! };
    if (newest !== null) {
      timestamps.push(timestamp);
      values.push(rateSince(newest, point, kind));
      historical.push(points.historical[row]!);
    }
    newest = point;
  }
  const levels = { timestamps: Float64Array.from(timestamps), values: Float64Array.from(values), historical: Uint8Array.from(historical) };
  return { points: levels, counted: newest };
}

interface Advanced {
  readonly detector: DetectorState;
  readonly scores: readonly PointScore[];
  readonly trouble: string | null;
}

function advanceStored(state: Uint8Array, points: ArrivedPoints, scoring: Scoring): Advanced {
  if (state.length === 0) return advanceAnew(points, scoring, null);
  const decoded = decodeState(state);
  if (!decoded.ok) return advanceAnew(points, scoring, decoded.error.message);
  try {
    return { detector: decoded.value, scores: advance(decoded.value, points, scoring), trouble: null };
  } catch (error) {
    return advanceAnew(points, scoring, messageOf(error));
  }
}

function advanceAnew(points: ArrivedPoints, scoring: Scoring, trouble: string | null): Advanced {
  const detector = createDetector(scoring);
  try {
    return { detector, scores: advance(detector, points, scoring), trouble };
  } catch (error) {
    return { detector: createDetector(scoring), scores: [], trouble: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
