import type { Anomaly, AnomalySeverity, AnomalyVerdict } from "../contract/anomaly.ts";
import type { AnomalyId, OrgId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { AnomalousTime } from "../core/detect/anomaly-rate.ts";
import type { Checkpoint } from "../core/detect/replay.ts";
import type { ScoredSpan } from "../core/detect/scored-spans.ts";
import type { DetectorRecord, NewAnomaly } from "../core/detect/series-detection.ts";
import type { SeriesPoints } from "./points.ts";

// Times are Unix ms.

/** Points that came before their time: of one log row, to be scored from `dueAt` on. */
export interface PointsAhead {
  readonly seq: number;
  /** The earliest of their timestamps. */
  readonly dueAt: number;
  readonly points: readonly SeriesPoints[];
}

/** The effects of one pass, written in one batch. */
export interface DetectionPass {
  /** Where the cursor of the write log stood when the pass read on, and where it goes: the same while a part of the rows is still to be done. */
  readonly cursor: { readonly from: number; readonly to: number };
  readonly states: readonly DetectorRecord[];
  /** One that is there already stays as it is, and is not told again. */
  readonly anomalies: readonly NewAnomaly[];
  /** Points that clear what was open before the pass, in the order they came. */
  readonly clears: readonly { readonly series: SeriesId; readonly at: number }[];
  /** Series of which live anomalies were cleared, by the last point that did. */
  readonly cleared: readonly { readonly series: SeriesId; readonly at: number }[];
  /** Stretches that people spoke of while they were open, and that have ended: the first point after each. */
  readonly closed: readonly { readonly series: SeriesId; readonly from: number; readonly to: number }[];
  /** Series of which the detector is kept as it is then, beside its newest: of each CHECKPOINTS_A_SERIES at most. */
  readonly checkpoints: readonly SeriesId[];
  /** Series that are to be learned anew: `detection.relearn-requested` asks for it. */
  readonly relearn: readonly SeriesId[];
  /** How many series were scored for the first time in an hour, or a day. */
  readonly scored: readonly ScoredSpan[];
  /** How rare the episodes are that people are told of, in days per false alarm; and the version of the budget that allowed them, null where none was asked. */
  readonly telling: { readonly told: readonly number[]; readonly budgetVersion: number | null };
  readonly ahead: { readonly add: readonly PointsAhead[]; readonly remove: readonly number[] };
  readonly at: number;
}

/** So many detectors of a series are kept, the newest. */
export const CHECKPOINTS_A_SERIES = 8;

/** What detection knows of an organisation's series. */
export interface DetectionStore {
  /** Of each series, in any order: a new one where it was never scored. */
  states(series: readonly SeriesId[]): Promise<readonly DetectorRecord[]>;
  /** Points ahead of their time of which at least one is due, the most overdue first; at most about `maxPoints`, at least one row. */
  due(now: number, limits: { maxPoints: number }): Promise<readonly (PointsAhead & { readonly id: number })[]>;
  /**
   * Makes a pass durable, whole or not at all, with `anomaly.detected` for what is not historical and `anomaly.cleared`. False when
   * somebody else has moved the cursor or one of the states meanwhile: load again, score again.
   */
  commit(pass: DetectionPass): Promise<boolean>;
  /** Asks for series to be learned anew from their stored points, with `detection.relearn-requested`. */
  requestRelearn(series: readonly SeriesId[], at: number): Promise<void>;
  /** The detectors that were kept of a series before a time: those that scored its rates, or those that scored its values; ascending. */
  checkpoints(series: SeriesId, filter: { before: number; isRate: boolean }): Promise<readonly Checkpoint[]>;
  /** How many series were scored in the hours, or days, that meet a window: of a `span` of SCORED_SPANS. */
  scoredSpans(span: number, window: { from: number; to: number }): Promise<readonly ScoredSpan[]>;
  /** How far series are scored; those that never were are missing. */
  lastScored(series: readonly SeriesId[]): Promise<ReadonlyMap<SeriesId, LastScored>>;
}

/** How far a series is scored. */
export interface LastScored {
  /** The newest scored timestamp. */
  readonly scoredTo: number | null;
  /** The learned time between points; null until there is one. */
  readonly cadenceMs: number | null;
  /** Whether an anomaly of it is not cleared yet. */
  readonly anomalous: boolean;
}

/** What is left out matches everything. */
export interface AnomalyFilter {
  readonly series?: SeriesId | undefined;
  readonly metricKey?: string | undefined;
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
  readonly minSeverity?: AnomalySeverity | undefined;
  readonly historical?: boolean | undefined;
  /** What was said of them; `none`: nothing was. */
  readonly feedback?: AnomalyVerdict | "none" | undefined;
}

/** Anomalies that `forSeries` answers at most. */
export const MAX_ANOMALIES_A_READ = 10_000;

/** An anomaly counts for so long at most, where no point follows it. */
export const MAX_OPEN_MS = 7 * 86_400_000;

/** The anomalies of an organisation. */
export interface AnomaliesStore {
  get(id: AnomalyId): Promise<Anomaly | null>;
  /** Newest first. */
  list(filter: AnomalyFilter, page: PageQuery): Promise<Page<Anomaly>>;
  /**
   * When series were anomalous in [from, to), at most `limit` stretches of time, one an anomaly that is not historical: up to the first point that
   * was none, or as long as three cadences without a point, at most MAX_OPEN_MS.
   */
  times(window: { from: number; to: number; limit: number }): Promise<readonly AnomalousTime[]>;
  /** The timestamps in [from, to) of a series' anomalies, ascending, the first MAX_ANOMALIES_A_READ of them. */
  timesOf(series: SeriesId, window: { from: number; to: number }): Promise<readonly number[]>;
  /**
   * What an evaluation of these series has to know: anomalies with a timestamp after a time, those cleared after it, and those not cleared
   * yet; ascending by series and time, the newest MAX_ANOMALIES_A_READ of them.
   */
  forSeries(series: readonly SeriesId[], since: { after: number }): Promise<readonly NewAnomaly[]>;
}

/** What is due in detection, across organisations: for ticks. */
export interface DetectionDue {
  /** Organisations with points whose time has come, at most `limit`. */
  orgs(now: number, limit: number): Promise<readonly OrgId[]>;
}
