import type { SeriesId } from "../../contract/ids.ts";
import type { SequencedPoints } from "../series/merge.ts";
import { mergePoints, within } from "../series/merge.ts";
import type { ArrivedPoints, DetectorRecord } from "./series-detection.ts";

/** Points of one series, shape (n,). */
export interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** A batch as it was acknowledged. `createdAt`: Unix ms; null for one that is known as history only. */
export interface ArrivedRow {
  readonly seq: number;
  readonly createdAt: number | null;
  readonly points: readonly (Columns & { readonly series: SeriesId })[];
}

/** What one row brought of one series. */
export interface SeriesArrival extends Columns {
  readonly seq: number;
  readonly createdAt: number | null;
}

/** A point that is older than this when it comes in is history. */
export const LATENESS_MS = 10 * 60_000;

/** What each series got, row by row; within a row in time order, of equal timestamps the later last. */
export function arrivalsOf(rows: readonly ArrivedRow[]): ReadonlyMap<SeriesId, readonly SeriesArrival[]> {
  const arrivals = new Map<SeriesId, SeriesArrival[]>();
  for (const { seq, createdAt, points } of rows.toSorted((a, b) => a.seq - b.seq)) {
    for (const [series, parts] of Map.groupBy(points, (part) => part.series)) {
      const arrival = { seq, createdAt, ...inTimeOrder(concatenated(parts)) };
      const own = arrivals.get(series);
      if (own === undefined) arrivals.set(series, [arrival]);
      else own.push(arrival);
    }
  }
  return arrivals;
}

/**
 * Splits what came in for a series into what is to be scored now and what came before its time.
 *
 * Rows that the series was scored up to are left out. So is, of what is known as history only, everything up to the newest scored point:
 * which of it is new cannot be told, and what was scored is not scored again.
 *
 * @param now - Unix ms; a point at this time is due.
 */
export function splitArrivals(
  arrivals: readonly SeriesArrival[],
  { seq: seen, scoredTo }: Pick<DetectorRecord, "seq" | "scoredTo">,
  now: number,
): { readonly due: ArrivedPoints; readonly ahead: readonly SequencedPoints[] } {
  const due: (Columns & { historical: Uint8Array })[] = [];
  const ahead: SequencedPoints[] = [];
  for (const { seq, createdAt, ...columns } of arrivals) {
    if (seq <= seen) continue;
    const later = within(columns, now + 1, Infinity);
    if (later.timestamps.length > 0) ahead.push({ seq, ...later });
    const ready = within(columns, createdAt === null && scoredTo !== null ? scoredTo + 1 : 0, now + 1);
    const historical = Uint8Array.from(ready.timestamps, (timestamp) => Number(createdAt === null || createdAt - timestamp > LATENESS_MS));
    due.push({ ...ready, historical });
  }
  return { due: { ...concatenated(due), historical: joined(due) }, ahead };
}

/** A page of points ahead of their time, stored together: one series once a `seq`. */
export interface AheadRow {
  readonly seq: number;
  readonly points: readonly (Columns & { readonly series: SeriesId })[];
}

/**
 * Splits stored points ahead of their time into what is due by now, of at most so many series, and the rest. Of a value that was written
 * again before its time only the last counts.
 */
export function splitAhead(
  rows: readonly AheadRow[],
  { now, mostSeries }: { now: number; mostSeries: number },
): { readonly due: ReadonlyMap<SeriesId, ArrivedPoints>; readonly rest: readonly { series: SeriesId; points: SequencedPoints }[] } {
  const due = new Map<SeriesId, SequencedPoints[]>();
  const rest: { series: SeriesId; points: SequencedPoints }[] = [];
  for (const { seq, points } of rows) {
    for (const { series, timestamps, values } of points) {
      const until = due.has(series) || due.size < mostSeries ? now + 1 : 0;
      const ready = within({ timestamps, values }, 0, until);
      const later = within({ timestamps, values }, until, Infinity);
      if (ready.timestamps.length > 0) due.set(series, [...(due.get(series) ?? []), { seq, ...ready }]);
      if (later.timestamps.length > 0) rest.push({ series, points: { seq, ...later } });
    }
  }
  const merged = new Map<SeriesId, ArrivedPoints>();
  for (const [series, sources] of due) {
    const points = mergePoints(sources);
    merged.set(series, { ...points, historical: new Uint8Array(points.timestamps.length) });
  }
  return { due: merged, rest };
}

const HOUR_MS = 3_600_000;

/** Points ahead of their time as they are stored: those of one log row that come due in the same hour stand together. */
export function aheadRows(
  points: readonly { readonly series: SeriesId; readonly points: SequencedPoints }[],
): { seq: number; dueAt: number; points: (Columns & { series: SeriesId })[] }[] {
  const rows = new Map<string, { seq: number; dueAt: number; points: (Columns & { series: SeriesId })[] }>();
  for (const {
    series,
    points: { seq, ...columns },
  } of points) {
    for (let start = 0; start < columns.timestamps.length;) {
      const first = columns.timestamps[start]!;
      const hour = Math.floor(first / HOUR_MS);
      const part = within(columns, first, (hour + 1) * HOUR_MS);
      const key = `${seq} ${hour}`;
      const row = rows.get(key) ?? { seq, dueAt: first, points: [] };
      row.dueAt = Math.min(row.dueAt, first);
      row.points.push({ series, ...part });
      rows.set(key, row);
      start += part.timestamps.length;
    }
  }
  return [...rows.values()];
}

function inTimeOrder({ timestamps, values }: Columns): Columns {
  let ascending = true;
  for (let row = 1; row < timestamps.length && ascending; row++) ascending = timestamps[row]! >= timestamps[row - 1]!;
  if (ascending) return { timestamps, values };
  // A stable sort: of equal timestamps the later one stays the later.
  const rows = Uint32Array.from({ length: timestamps.length }, (_, row) => row).toSorted(
    (a, b) => timestamps[a]! - timestamps[b]! || a - b,
  );
  return { timestamps: Float64Array.from(rows, (row) => timestamps[row]!), values: Float64Array.from(rows, (row) => values[row]!) };
}

function concatenated(parts: readonly Columns[]): Columns {
  if (parts.length === 1) return parts[0]!;
  const n = parts.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  const [timestamps, values] = [new Float64Array(n), new Float64Array(n)];
  let row = 0;
  for (const part of parts) {
    timestamps.set(part.timestamps, row);
    values.set(part.values, row);
    row += part.timestamps.length;
  }
  return { timestamps, values };
}

function joined(parts: readonly { readonly historical: Uint8Array }[]): Uint8Array {
  const flags = new Uint8Array(parts.reduce((sum, { historical }) => sum + historical.length, 0));
  let row = 0;
  for (const { historical } of parts) {
    flags.set(historical, row);
    row += historical.length;
  }
  return flags;
}
