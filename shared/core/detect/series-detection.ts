import type { AnomalyId, OrgId, SeriesId } from "../../contract/ids.ts";
import type { SeriesKind } from "../../contract/series.ts";
import type { ScoredAnomaly } from "../alert/anomaly.ts";
import { hashId } from "../hash-id.ts";
import { hasRate, rateSince } from "../series/rate.ts";
import type { CountedPoint } from "../series/rate.ts";
import { createDetector, detectorCadence } from "./detector.ts";
import type { DetectorState } from "./detector.ts";
import { DEFAULT_DETECTION } from "./effective-settings.ts";
import type { Scoring } from "./effective-settings.ts";
import { findAnomalies } from "./findings.ts";
import type { Findings, ScoringProgress } from "./findings.ts";
import { isCheckpointDue } from "./replay.ts";
import { newSpans } from "./scored-spans.ts";
import { countUnlearned, isBroughtIn, isToBeRelearned, learnedFrom } from "./unlearned.ts";
import type { Unlearned } from "./unlearned.ts";
import { decodeState, encodeState } from "./state-codec.ts";
import { advanceJudged } from "./verdicts.ts";
import type { JudgedScores, StretchVerdict } from "./verdicts.ts";

/** What live detection remembers of a series. Times are Unix ms. */
export interface DetectorRecord extends ScoringProgress, Unlearned {
  readonly series: SeriesId;
  /** As the series is said to be now: a counter is scored by its rates. Not stored here. */
  readonly kind: SeriesKind | null;
  /** The newest point of a series that was scored by its rates; null of all others. */
  readonly counted: CountedPoint | null;
  /** Whether somebody has said something of stretches of it. Not stored here. */
  readonly judged: boolean;
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

/** Live anomalies of a series, from when one comes while none is open to when none is open. */
export interface Episode {
  /** Those of this batch. */
  readonly anomalies: readonly AnomalyId[];
  /** How rare the rarest of them is, in days per false alarm. */
  readonly days: number;
  /** People were not told of it yet. */
  readonly isNews: boolean;
  /** It goes on after this batch. */
  readonly isOpen: boolean;
}

/** What scoring a batch of one series changes. */
export interface SeriesDetection {
  readonly record: DetectorRecord;
  readonly anomalies: readonly NewAnomaly[];
  /** Those that have anomalies in this batch, in the order they began. */
  readonly episodes: readonly Episode[];
  /** Points that clear what was open before. */
  readonly clears: readonly number[];
  /** The last point that cleared a live anomaly; null when none did. */
  readonly clearedAt: number | null;
  /** Of each open stretch that was spoken of and has ended: the first point after it. */
  readonly closed: readonly { readonly from: number; readonly to: number }[];
  /** The series is to be learned anew from its stored points: it has many that came too late, or is read as another kind now. */
  readonly isToBeRelearned: boolean;
  /** The hours and days in which the series was scored for the first time. */
  readonly spans: ReturnType<typeof newSpans>;
  /** The detector is to be kept as it is now. */
  readonly isCheckpoint: boolean;
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
  judged: false,
  version: 0,
  seq: 0,
  scoredTo: null,
  calmTo: null,
  cadenceMs: null,
  unlearned: 0,
  relearnAskedAt: null,
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
 * @param verdicts - What was said of its stretches, as far as the points may lie in them.
 */
export function detectSeries(
  org: OrgId,
  record: DetectorRecord,
  arrived: ArrivedPoints,
  detectedAt: number,
  scoring: Scoring = DEFAULT_DETECTION.scoring,
  verdicts: readonly StretchVerdict[] = [],
): SeriesDetection {
  const { series } = record;
  const { points, counted } = levelsOf(record, arrived);
  const isRelearned = isOfAnotherKind(record) && record.scoredTo !== null;
  const judged = advanceStored(isOfAnotherKind(record) ? new Uint8Array() : record.state, points, scoring, verdicts);
  const { detector, scores, trouble } = judged;
  const late = scores.flatMap(({ timestamp, late: isLate }) => (isLate ? [timestamp] : []));
  const fresh = late.length === 0 ? 0 : countUnlearned(late, { newest: detector.newest, cadence: detectorCadence(detector) });
  const missed = { unlearned: record.unlearned + fresh, relearnAskedAt: record.relearnAskedAt };
  const asks = isRelearned || isToBeRelearned(missed, detector.learned, detectedAt);
  const knownFrom = isBroughtIn(missed, detectedAt) ? Infinity : learnedFrom(detector.learned);
  const found = findAnomalies(
    scores,
    (row) => points.historical[row] === 1,
    record,
    (row) => {
      const { timestamp, late: isLate } = scores[row]!;
      // What is known of other times does not make history anomalous.
      const isUnknown = isLate && points.historical[row] === 1 && timestamp < knownFrom;
      return !isUnknown && !judged.isQuelled(timestamp);
    },
  );
  const anomalies = found.anomalies.map(({ row, historical, clearedAt }): NewAnomaly => {
    const { timestamp, value, expected, lo, hi, score, severity, direction, daysPerFalseAlarm, goesOn, late, methods } = scores[row]!;
    const id = anomalyId(org, series, timestamp);
    const scored = {
      timestamp,
      value,
      expected,
      lo,
      hi,
      score,
      direction,
      daysPerFalseAlarm,
      goesOn,
      perSecond: hasRate(record.kind),
      late,
      methods,
    };
    // An anomaly has a severity: while there is no score, nothing is anomalous.
    return { id, series, ...scored, severity: severity!, historical, overBudget: false, clearedAt, detectedAt };
  });
  const state = encodeState(detector);
  return {
    record: {
      ...record,
      ...(asks ? { unlearned: 0, relearnAskedAt: detectedAt } : missed),
      ...found.progress,
      counted,
      cadenceMs: detectorCadence(detector),
      state,
    },
    anomalies,
    episodes: episodesOf(found, anomalies, record.open === "held"),
    clears: found.clears,
    clearedAt: found.clearedAt,
    closed: judged.closed,
    isToBeRelearned: asks,
    spans: newSpans(record.scoredTo, points.timestamps),
    isCheckpoint: trouble !== null || isCheckpointDue(series, [judged.learnedBefore, detector.learned.n]),
    trouble,
    isOfAnotherClock: detector.timezone !== scoring.timezone,
  };
}

/** Whether a state was learned from values and the series is scored by rates, or the other way round: neither says anything of the other. */
export const isOfAnotherKind = ({ kind, counted }: DetectorRecord): boolean => hasRate(kind) !== (counted !== null);

function episodesOf({ anomalies: findings, openEpisode }: Findings, anomalies: readonly NewAnomaly[], wasHeld: boolean): Episode[] {
  const rows = Map.groupBy(findings.keys(), (row) => findings[row]!.episode);
  rows.delete(null);
  return [...rows].map(([episode, own]) => ({
    anomalies: own.map((row) => anomalies[row]!.id),
    days: own.reduce((most, row) => Math.max(most, anomalies[row]!.daysPerFalseAlarm ?? 0), 0),
    isNews: episode !== 0 || wasHeld,
    isOpen: episode === openEpisode,
  }));
}

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

interface Advanced extends JudgedScores {
  readonly detector: DetectorState;
  /** Points. */
  readonly learnedBefore: number;
  readonly trouble: string | null;
}

function advanceStored(state: Uint8Array, points: ArrivedPoints, scoring: Scoring, verdicts: readonly StretchVerdict[]): Advanced {
  if (state.length === 0) return advanceAnew(points, scoring, verdicts, null);
  const decoded = decodeState(state);
  if (!decoded.ok) return advanceAnew(points, scoring, verdicts, decoded.error.message);
  const learnedBefore = decoded.value.learned.n;
  try {
    return { detector: decoded.value, learnedBefore, ...advanceJudged(decoded.value, points, scoring, verdicts), trouble: null };
  } catch (error) {
    return advanceAnew(points, scoring, verdicts, messageOf(error));
  }
}

function advanceAnew(points: ArrivedPoints, scoring: Scoring, verdicts: readonly StretchVerdict[], trouble: string | null): Advanced {
  const detector = createDetector(scoring);
  try {
    return { detector, learnedBefore: 0, ...advanceJudged(detector, points, scoring, verdicts), trouble };
  } catch (error) {
    return {
      detector: createDetector(scoring),
      learnedBefore: 0,
      scores: [],
      closed: [],
      isQuelled: () => false,
      trouble: messageOf(error),
    };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
