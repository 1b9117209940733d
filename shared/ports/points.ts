import type { DeadLetter } from "../contract/dead-letter.ts";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { Dimensions, Matcher, Series, SeriesKind } from "../contract/series.ts";
import type { Floor } from "../core/ingest/floor.ts";
import type { RejectedPoint } from "../core/ingest/intake.ts";
import type { SeriesName } from "../core/ingest/names.ts";
import type { Result } from "../core/result.ts";
import type { NamedSeries, PointBatch } from "../core/series/batch.ts";
import type { Buckets } from "../core/series/bucket.ts";
import type { SummedAggregate } from "../core/series/bucket-sums.ts";

// Times are Unix ms.

/** Columns of points: Unix ms and values, ascending and without a timestamp twice, unless it says otherwise. */
export interface PointColumns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** The points of one series in a log row, in the order they came: of equal timestamps the later one wins. */
export interface SeriesPoints extends PointColumns {
  readonly series: SeriesId;
}

/** What a protocol says of a series beside its name. */
export interface SeriesMetadata {
  readonly kind: SeriesKind | null;
  readonly unit: string | null;
}

/** Who reads the write log by a cursor of its own: compaction waits for them, for an hour at most. */
export const LOG_CONSUMERS = ["detect", "alert-evaluate"] as const;

/** A row of the write log. */
export interface LogRow {
  readonly seq: number;
  /** When it was acknowledged: points much older than this are history. null: longer ago than the log reaches, so all of it is history. */
  readonly createdAt: number | null;
  readonly points: readonly SeriesPoints[];
}

/** A point that was refused: where it came in, why, and what was sent. */
export interface DeadPoint extends RejectedPoint {
  /** The door that it came to. */
  readonly source: string;
}

/** An answer that is kept with the effect that it belongs to, in one batch. */
export interface Once {
  readonly key: string;
  readonly route: string;
  readonly payloadHash: string;
  readonly expiresAt: number;
  readonly status: number;
  readonly answer: string;
}

/** Reads points, the write log and the chunks as one. */
export interface PointReader {
  /** The points in [from, to), at most `limit` of them from the asked end. */
  read(series: SeriesId, window: { from: number; to: number; limit: number; order: "asc" | "desc" }): Promise<PointColumns>;
  /** The newest points before a time, ascending. */
  newest(series: SeriesId, window: { before: number; limit: number }): Promise<PointColumns>;
}

/** The points of an organisation. */
export interface PointStore extends PointReader {
  /**
   * Makes a batch durable, with its new series, dead letters and `metrics.ingested`, in one round trip.
   * @param batch.metadata - What is known of its series: it is kept where a series has none so far.
   * @throws Conflict when `once` was used meanwhile.
   */
  append(batch: {
    points: PointBatch;
    metadata?: ReadonlyMap<NamedSeries, SeriesMetadata>;
    rejected: readonly DeadPoint[];
    once?: Once | undefined;
    at: number;
  }): Promise<void>;
  /** Reads series of a kind as levels: counters and deltas as rates a second. */
  levels(kind: SeriesKind | null): PointReader;
  /** The newest point of each series that has one. */
  last(series: readonly SeriesId[]): Promise<ReadonlyMap<SeriesId, { readonly timestamp: number; readonly value: number }>>;
  /** How far back points are taken in; null: any time is. What this process knows of it may be a minute old. */
  floor(now: number): Promise<Floor | null>;
  /** Which series of a batch are new, and more than the organisation may have; known ones cost nothing. */
  beyondLimit(series: readonly NamedSeries[]): Promise<ReadonlySet<NamedSeries>>;
  /**
   * The buckets in [from, to) that have points, ascending, at most `limit` of them from the asked end; a bucket at an end of the window has
   * the points in it. Rollups are used wherever they do.
   * @param window.step - Whole hours.
   */
  buckets(
    series: SeriesId,
    window: { from: number; to: number; step: number; aggregates: readonly SummedAggregate[]; limit: number; order: "asc" | "desc" },
  ): Promise<Buckets>;
  /** As read, for many series at once: all points in [from, to). Series without points are missing in the answer. */
  readMany(series: readonly SeriesId[], window: { from: number; to: number }): Promise<ReadonlyMap<SeriesId, PointColumns>>;
  /**
   * The points of many series, each in a window of its own, as they were stored by a row of the write log. What newer rows were compacted with is
   * left out, and what is beyond some thousand chunks.
   */
  asOf(
    seq: number,
    windows: ReadonlyMap<SeriesId, { readonly from: number; readonly to: number }>,
  ): Promise<ReadonlyMap<SeriesId, PointColumns>>;
  /**
   * What a consumer has not seen: rows of the write log after its cursor, at most about `maxPoints` points; points that were
   * compacted before the consumer saw them come from the chunks, as one row.
   */
  after(seq: number, limits: { maxPoints: number }): Promise<readonly LogRow[]>;
}

/** The series of an organisation. */
export interface SeriesStore {
  get(id: SeriesId): Promise<Series | null>;
  getMany(ids: readonly SeriesId[]): Promise<readonly Series[]>;
  /** By metric and id. @throws Problem validation-failed for a matcher whose pattern is not RE2; so does `select`. */
  list(filter: { metricKey?: string | undefined; matchers: readonly Matcher[] }, page: PageQuery): Promise<Page<Series>>;
  /** Every series that a selector picks, at most `limit`, by id; those after an id, where one is given. */
  select(selector: { metricKey: string; matchers: readonly Matcher[] }, limit: number, after?: string): Promise<readonly Series[]>;
  /** How many series a selector picks. */
  count(selector: { metricKey: string; matchers: readonly Matcher[] }): Promise<number>;
  idOf(metricKey: string, dimensions: Dimensions): SeriesId;
  /** The id and the canonical dimensions of a series, remembered for the next time. */
  resolve(metricKey: string, dimensions: Dimensions): NamedSeries;
  /**
   * As resolve, for a series that a protocol names in bytes; remembered by them, and so is why it cannot be named.
   * @param read - Takes the bytes apart, when they come for the first time.
   */
  resolveEncoded(name: Uint8Array, read: (name: Uint8Array) => Result<SeriesName, string>): Result<NamedSeries, string>;
  /** Gives a series other metadata. @returns False where it is not any more what it was. */
  update(series: Series, was: Series): Promise<boolean>;
  /** How many series there are, and may be; the metrics that have the most, at most `limit`. */
  cardinality(limit: number): Promise<{ series: number; mostSeries: number; metrics: readonly { metricKey: string; series: number }[] }>;
  /** The dimensions of a metric's series, each with how many values it has, at most `limit`, the most varied first. */
  dimensions(metricKey: string, limit: number): Promise<readonly { name: string; values: number; series: number }[]>;
  /** Keeps what is known of all series of some metrics, where a series has none so far. */
  describe(metrics: readonly ({ readonly metricKey: string } & SeriesMetadata)[]): Promise<void>;
}

/** The points that an organisation sent and that were refused. */
export interface DeadLetterStore {
  /** Oldest first. */
  list(page: PageQuery): Promise<Page<DeadLetter>>;
  get(id: string): Promise<DeadLetter | null>;
  /** Takes a letter out, because it was replayed or given up. */
  remove(id: string): Promise<boolean>;
}

/** Moves points from the write log to chunks, across organisations. */
export interface CompactionStore {
  /** What can be compacted of the log of an organisation, counted up to `most` rows: what every consumer has seen, or waited too long for. */
  ready(org: OrgId, options: { now: number; most: number }): Promise<{ points: number; rows: number }>;
  /** Organisations with at least `rows` rows in their log, the oldest of them from before a time; those with the most rows first. */
  due(options: { rows: number; before: number }): Promise<readonly OrgId[]>;
  /** Merges log rows into chunks, at most about `maxPoints`, and deletes them, in one transaction. Returns what was moved. @throws Conflict when another compaction of it was faster. */
  compact(org: OrgId, limits: { maxPoints: number; now: number }): Promise<{ points: number; rows: number }>;
}

/** How long an organisation keeps its points and their rollups, in ms; null: for ever. */
export interface KeptFor {
  readonly rawMs: number | null;
  readonly rollupsMs: number | null;
}

export interface RetentionStore {
  get(): Promise<KeptFor>;
  /** @returns False where it is not any more what it was. */
  replace(kept: KeptFor, was: KeptFor): Promise<boolean>;
}

/** Retention across organisations, for the hour's tick. */
export interface Expiry {
  /** Organisations that keep their points for a time only, after an id. */
  orgs(after: string, limit: number): Promise<readonly OrgId[]>;
  /**
   * Drops the points of chunks that are past their retention, whose rollups stay, and rollups past theirs: at most `limit` chunks, in one
   * transaction. @returns How many.
   */
  expire(org: OrgId, options: { now: number; limit: number }): Promise<number>;
  /** Forgets dead letters from before a time: all of them, a bite at a time. */
  forgetDeadLetters(before: number): Promise<void>;
}
