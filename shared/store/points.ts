import type { Row } from "@libsql/client";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import { gathered, gatherInto } from "../core/series/growing-points.ts";
import type { GrowingPoints } from "../core/series/growing-points.ts";
import { decodeLog, decodeLogColumns, encodeLog, LOG_ENCODING } from "../core/series/log-codec.ts";
import { mergePoints, within } from "../core/series/merge.ts";
import type { SequencedPoints } from "../core/series/merge.ts";
import type { LogRow, PointColumns, PointStore } from "../ports/points.ts";
import { bucketReader } from "./bucket-reader.ts";
import { pointsOf } from "./chunks.ts";
import { readCursor } from "./cursors.ts";
import { bytesOf } from "./database.ts";
import type { Database } from "./database.ts";
import { insertDeadLetters } from "./dead-letters.ts";
import { insertOnce } from "./idempotency.ts";
import { levelReader } from "./levels.ts";
import { insertEvent } from "./outbox.ts";
import type { Invocation, Outbox } from "./outbox.ts";
import type { Floors } from "./retention.ts";
import { describeSeries, insertSeries } from "./series.ts";
import { beyondSeriesLimit } from "./series-limit.ts";

const INSERT_LOG = `
  INSERT INTO write_log (org, n, t_min, t_max, created_at, encoding, payload)
  VALUES (:org, :n, :from, :to, :at, :encoding, :payload)`;
// Follows the log row at once: its sequence number is only known to the database.
const INSERT_INGESTED = `
  INSERT INTO outbox (id, topic, event, created_at) VALUES (:id, 'metrics', json_set(:event, '$.data.seq', last_insert_rowid()), :at)`;
// Rides write_log_org: what no consumer has seen makes the log long, and every row in the window counts.
const SELECT_LOG_WINDOW = `
  SELECT seq, payload FROM write_log
  WHERE org = :org AND seq > :after AND seq <= :upTo AND t_max >= :from AND t_min < :to ORDER BY seq LIMIT :limit`;
// Chunks of a series never overlap, so only one that starts before the window can reach into it. Rides chunk_series.
const CHUNK_START = (series: string) =>
  `coalesce((SELECT t0 FROM chunk WHERE series = ${series} AND org = :org AND t0 <= :from ORDER BY t0 DESC LIMIT 1), :from)`;
const SELECT_CHUNKS = (order: "ASC" | "DESC") => `
  SELECT t0, t1, seq, encoding, data FROM chunk
  WHERE series = :series AND org = :org AND t0 >= ${CHUNK_START(":series")} AND t0 < :to AND t1 >= :from AND +tier > 0
  ORDER BY t0 ${order} LIMIT :limit`;
const SELECT_CHUNKS_ASCENDING = SELECT_CHUNKS("ASC");
const SELECT_CHUNKS_DESCENDING = SELECT_CHUNKS("DESC");
// Rides chunk_series, once for each id, which CROSS sees to; not limited: the caller's window bounds it.
const SELECT_CHUNKS_MANY = `
  SELECT c.series, c.seq, c.encoding, c.data FROM json_each(:ids) AS ids
  CROSS JOIN chunk AS c ON c.series = ids.value AND c.t0 >= ${CHUNK_START("ids.value")} AND c.t0 < :to AND c.t1 >= :from AND +c.tier > 0 AND c.org = :org`;
// Rides chunk_series, once for each window.
const SELECT_CHUNKS_AS_OF = `
  SELECT c.series, c.seq, c.encoding, c.data FROM json_each(:windows) AS windows
  CROSS JOIN chunk AS c ON c.series = windows.value ->> 0 AND c.t0 < windows.value ->> 2 AND c.t1 >= windows.value ->> 1
    AND c.t0 >= coalesce((
      SELECT t0 FROM chunk WHERE series = windows.value ->> 0 AND org = :org AND t0 <= windows.value ->> 1 ORDER BY t0 DESC LIMIT 1
    ), windows.value ->> 1)
    AND +c.tier > 0 AND c.org = :org AND +c.seq <= :seq
  LIMIT :limit`;
// Rides chunk_series, once for each id.
const SELECT_NEWEST_CHUNKS = `
  SELECT c.series, c.seq, c.encoding, c.data FROM json_each(:ids) AS ids
  CROSS JOIN chunk AS c ON c.id = (SELECT id FROM chunk WHERE series = ids.value AND org = :org ORDER BY t0 DESC LIMIT 1) AND +c.tier > 0`;
// Rides write_log_org.
const SELECT_LOG_AFTER = "SELECT seq, n, created_at, payload FROM write_log WHERE org = :org AND seq > :seq ORDER BY seq LIMIT :limit";
// Rides chunk_seq: what one compaction pass wrote.
const SELECT_CHUNKS_OF_PASS = `
  SELECT series, seq, encoding, data FROM chunk
  WHERE org = :org AND +tier > 0 AND seq = (SELECT min(seq) FROM chunk WHERE org = :org AND seq > :seq AND +tier > 0)`;

const CHUNKS_A_READ = 8;
const MOST_CHUNKS_AS_OF = 2_000;
const LOG_ROWS_A_READ = 256;
/** The payloads of so many rows are in memory at once, each as large as a request may be. */
const LOG_ROWS_A_PAGE = 64;
const MOST_DESCRIBED = 200_000;

export function pointStore(
  database: Database,
  outbox: Outbox,
  { committed }: Invocation,
  org: OrgId,
  /** Series whose metadata this process has stored. */
  described: Set<SeriesId>,
  floors: Floors,
): PointStore {
  return {
    async append({ points, metadata, rejected, once, at }) {
      const unknown = points.series.filter(({ isStored }) => isStored !== true);
      const undescribed = [...(metadata ?? [])].filter(([{ series }]) => !described.has(series));
      const { n, from, to } = extent(points.timestamps);
      const before = [
        ...(once === undefined ? [] : insertOnce(org, once, at)),
        ...(rejected.length === 0 ? [] : insertDeadLetters(org, rejected, at)),
        ...(unknown.length === 0 ? [] : [insertSeries(org, unknown, at)]),
        ...(undescribed.length === 0 ? [] : [describeSeries(org, undescribed)]),
      ];
      if (n === 0) {
        if (before.length > 0) await database.write(before);
        return;
      }
      const event = outbox.event("metrics.ingested", org, at, { seq: 0, n, from, to });
      const results = await database.write([
        ...before,
        { sql: INSERT_LOG, args: { org, n, from, to, at, encoding: LOG_ENCODING, payload: encodeLog(points) } },
        { ...insertEvent(event), sql: INSERT_INGESTED, args: { id: event.id, event: JSON.stringify(event), at } },
      ]);
      const seq = Number(results[before.length]!.lastInsertRowid);
      committed.push({ ...event, data: { ...event.data, seq } });
      for (const series of unknown) series.isStored = true;
      if (described.size + undescribed.length > MOST_DESCRIBED) described.clear();
      // One that has no row so far was not described.
      for (const [{ series, isStored }] of undescribed) if (isStored === true) described.add(series);
    },

    read,
    newest,
    levels: (kind) => levelReader(kind, { read, newest }),
    buckets: bucketReader(database, org, readLog),
    floor: (now) => floors(org, now),
    beyondLimit: (series) => beyondSeriesLimit(database, org, series),

    async last(series) {
      const sources = await readLog(new Set(series), 0, Number.MAX_SAFE_INTEGER);
      for (const row of await database.read(SELECT_NEWEST_CHUNKS, { org, ids: JSON.stringify(series) })) {
        const id = row["series"] as SeriesId;
        sources.set(id, [...(sources.get(id) ?? []), { seq: row["seq"] as number, ...pointsOf(row) }]);
      }
      const newestOf = new Map<SeriesId, { timestamp: number; value: number }>();
      for (const [id, own] of sources) {
        const { timestamps, values } = mergePoints(own);
        if (timestamps.length > 0) newestOf.set(id, { timestamp: timestamps.at(-1)!, value: values.at(-1)! });
      }
      return newestOf;
    },

    async readMany(series, { from, to }) {
      const sources = await readLog(new Set(series), from, to);
      const rows = await database.read(SELECT_CHUNKS_MANY, { org, ids: JSON.stringify(series), from, to });
      return mergedWith(rows, sources, () => ({ from, to }));
    },

    async asOf(seq, windows) {
      const [from, to] = [...windows.values()].reduce(([a, b], own) => [Math.min(a, own.from), Math.max(b, own.to)], [Infinity, 0]);
      const sources = await readLog(new Set(windows.keys()), from, to, seq);
      const rows = JSON.stringify(Array.from(windows, ([id, own]) => [id, own.from, own.to]));
      const chunks = await database.read(SELECT_CHUNKS_AS_OF, { org, seq, windows: rows, limit: MOST_CHUNKS_AS_OF });
      return mergedWith(chunks, sources, (id) => windows.get(id)!);
    },

    after,
  };

  function newest(series: SeriesId, { before, limit }: { before: number; limit: number }): Promise<PointColumns> {
    return read(series, { from: 0, to: before, limit, order: "desc" });
  }

  async function after(seq: number, { maxPoints }: { maxPoints: number }): Promise<readonly LogRow[]> {
    const compacted = await readCursor(database, "compact", org);
    if (seq < compacted) {
      const chunks = await database.read(SELECT_CHUNKS_OF_PASS, { org, seq });
      const points = chunks.map((row) => ({ series: row["series"] as SeriesId, ...pointsOf(row) }));
      if (chunks.length > 0) return [{ seq: chunks[0]!["seq"] as number, createdAt: null, points }];
    }
    const log: LogRow[] = [];
    let n = 0;
    for (const row of await database.read(SELECT_LOG_AFTER, { org, seq, limit: LOG_ROWS_A_READ })) {
      n += row["n"] as number;
      if (log.length > 0 && n > maxPoints) break;
      log.push({
        seq: row["seq"] as number,
        createdAt: row["created_at"] as number,
        points: decodeLog(bytesOf(row["payload"]!)),
      });
    }
    // Rows that were compacted between the two reads are in neither: they are in chunks by now.
    const compactedNow = await readCursor(database, "compact", org);
    return compactedNow !== compacted && compactedNow > seq ? after(seq, { maxPoints }) : log;
  }

  async function read(series: SeriesId, { from, to, limit, order }: Parameters<PointStore["read"]>[1]): Promise<PointColumns> {
    // The log first: a row that is compacted between the two reads then shows up twice, never not at all.
    const logged = await readLog(new Set([series]), from, to);
    const sources: SequencedPoints[] = [...(logged.get(series) ?? [])];
    const sql = order === "asc" ? SELECT_CHUNKS_ASCENDING : SELECT_CHUNKS_DESCENDING;
    let [low, high] = [from, to];
    // What is left of the window for the next page. A chunk that is merged between two pages comes twice, never not at all.
    let [left, right] = [from, to];
    let found = 0;
    while (found < limit) {
      const rows = await database.read(sql, { org, series, from: left, to: right, limit: CHUNKS_A_READ });
      for (const row of rows) {
        const chunk = within(pointsOf(row), from, to);
        sources.push({ seq: row["seq"] as number, ...chunk });
        // What a page before has counted is not counted again.
        found += within(chunk, left, right).timestamps.length;
      }
      if (rows.length < CHUNKS_A_READ) break;
      const last = rows.at(-1)!;
      if (order === "asc") left = (last["t1"] as number) + 1;
      else right = last["t0"] as number;
      // More chunks follow: what lies beyond the last one read is not whole yet.
      if (found >= limit) [low, high] = order === "asc" ? [from, Math.min(to, left)] : [Math.max(from, right), to];
    }
    const merged = within(mergePoints(sources), low, high);
    const start = order === "desc" ? Math.max(0, merged.timestamps.length - limit) : 0;
    return { timestamps: merged.timestamps.slice(start, start + limit), values: merged.values.slice(start, start + limit) };
  }

  /** What the log has of some series: a source for each page of rows, of which the last row wins. */
  async function readLog(
    series: ReadonlySet<SeriesId>,
    from: number,
    to: number,
    upTo = Number.MAX_SAFE_INTEGER,
  ): Promise<Map<SeriesId, SequencedPoints[]>> {
    const sources = new Map<SeriesId, SequencedPoints[]>();
    for (let after = 0; ;) {
      const rows = await database.read(SELECT_LOG_WINDOW, { org, after, upTo, from, to, limit: LOG_ROWS_A_PAGE });
      if (rows.length === 0) return sources;
      const bySeries = new Map<SeriesId, GrowingPoints>();
      const gather = gatherInto(bySeries, series);
      for (const row of rows) gather(decodeLogColumns(bytesOf(row["payload"]!)));
      // A page has the number of its newest row, no later page's: between the two, rows may have gone to chunks with a number between.
      after = rows.at(-1)!["seq"] as number;
      for (const [id, points] of bySeries) sources.set(id, [...(sources.get(id) ?? []), { seq: after, ...gathered(points) }]);
      if (rows.length < LOG_ROWS_A_PAGE) return sources;
    }
  }
}

/** The points of each series in its window, from the log and from chunks; series without any are missing. */
function mergedWith(
  chunks: readonly Row[],
  sources: Map<SeriesId, SequencedPoints[]>,
  windowOf: (series: SeriesId) => { readonly from: number; readonly to: number },
): Map<SeriesId, PointColumns> {
  for (const row of chunks) {
    const id = row["series"] as SeriesId;
    const { from, to } = windowOf(id);
    const chunk = { seq: row["seq"] as number, ...within(pointsOf(row), from, to) };
    const own = sources.get(id);
    if (own === undefined) sources.set(id, [chunk]);
    else own.push(chunk);
  }
  const merged = new Map<SeriesId, PointColumns>();
  for (const [id, own] of sources) {
    const { from, to } = windowOf(id);
    const points = within(mergePoints(own), from, to);
    if (points.timestamps.length > 0) merged.set(id, points);
  }
  return merged;
}

function extent(timestamps: readonly number[]): { n: number; from: number; to: number } {
  let [from, to] = [Infinity, -Infinity];
  for (const timestamp of timestamps) {
    if (timestamp < from) from = timestamp;
    if (timestamp > to) to = timestamp;
  }
  return { n: timestamps.length, from, to };
}
