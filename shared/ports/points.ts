import type { DeadLetter } from "../contract/dead-letter.ts";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { Dimensions, Matcher, Series } from "../contract/series.ts";

// Times are Unix ms.

/** Columns of points: Unix ms and values, ascending and without a timestamp twice, unless it says otherwise. */
export interface PointColumns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** The points of one series in a batch, in the order they came: of equal timestamps the later one wins. */
export interface SeriesPoints extends PointColumns {
  readonly series: SeriesId;
}

/** The same with what its series is called. */
export interface NamedSeriesPoints extends SeriesPoints {
  readonly metricKey: string;
  /** Canonical JSON. */
  readonly dimensions: string;
}

/** Who reads the write log by a cursor of its own: compaction waits for them, for an hour at most. */
export const LOG_CONSUMERS = ["detect"] as const;

/** A row of the write log. */
export interface LogRow {
  readonly seq: number;
  /** When it was acknowledged: points much older than this are history. null: longer ago than the log reaches, so all of it is history. */
  readonly createdAt: number | null;
  readonly points: readonly SeriesPoints[];
}

/** A point that was refused: where it came in, why, and what was sent. */
export interface RejectedPoint {
  readonly source: string;
  readonly reason: string;
  readonly payload: string;
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

/** The points of an organisation: the write log and the chunks, read as one. */
export interface PointStore {
  /** Makes a batch durable, with its new series, dead letters and `metrics.ingested`, in one round trip. @throws Conflict when `once` was used meanwhile. */
  append(batch: {
    points: readonly NamedSeriesPoints[];
    rejected: readonly RejectedPoint[];
    once?: Once | undefined;
    at: number;
  }): Promise<void>;
  /** The points in [from, to), at most `limit` of them from the asked end. */
  read(series: SeriesId, window: { from: number; to: number; limit: number; order: "asc" | "desc" }): Promise<PointColumns>;
  /** As read, for many series at once: all points in [from, to). Series without points are missing in the answer. */
  readMany(series: readonly SeriesId[], window: { from: number; to: number }): Promise<ReadonlyMap<SeriesId, PointColumns>>;
  /** The newest points before a time, ascending. */
  newest(series: SeriesId, window: { before: number; limit: number }): Promise<PointColumns>;
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
  /** Every series that a selector picks, at most `limit`, by id. */
  select(selector: { metricKey: string; matchers: readonly Matcher[] }, limit: number): Promise<readonly Series[]>;
  idOf(metricKey: string, dimensions: Dimensions): SeriesId;
  /** The id and the canonical dimensions of a series, remembered for the next time. */
  resolve(metricKey: string, dimensions: Dimensions): { readonly series: SeriesId; readonly dimensions: string };
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
  /** Rows in the log of an organisation. */
  rows(org: OrgId): Promise<number>;
  /** Organisations whose log has at least `rows` rows, most first. */
  due(rows: number): Promise<readonly { org: OrgId; rows: number }[]>;
  /** Merges log rows into chunks, at most about `maxPoints`, and deletes them, in one transaction. Returns what was moved. @throws Conflict when another compaction of it was faster. */
  compact(org: OrgId, limits: { maxPoints: number; now: number }): Promise<{ points: number; rows: number }>;
}
