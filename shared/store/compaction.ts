import type { OrgId, SeriesId } from "../contract/ids.ts";
import { CHUNK_ENCODING, decodeChunk, encodeChunk } from "../core/series/chunk-codec.ts";
import { gathered, gatherInto } from "../core/series/growing-points.ts";
import type { GrowingPoints } from "../core/series/growing-points.ts";
import { decodeLogColumns } from "../core/series/log-codec.ts";
import { mergePoints } from "../core/series/merge.ts";
import type { SequencedPoints } from "../core/series/merge.ts";
import { LOG_CONSUMERS } from "../ports/points.ts";
import type { CompactionStore } from "../ports/points.ts";
import { moveCursor, readCursor } from "./cursors.ts";
import { bytesOf } from "./database.ts";
import type { Database, Statement } from "./database.ts";

/** A full chunk. Larger ones compress better, smaller ones are read faster. */
const CHUNK_POINTS = 2_400;
/** How long the log waits for a consumer that has fallen behind. */
const LOG_WAITS_MS = 3_600_000;

// Rides write_log_org.
const SELECT_DUE = "SELECT org, count(*) AS n FROM write_log GROUP BY org HAVING count(*) >= :rows ORDER BY n DESC LIMIT 100";
const SELECT_ROWS = "SELECT count(*) AS n FROM write_log WHERE org = :org";
const SELECT_SEEN = `
  SELECT coalesce(min(coalesce(c.seq, 0)), 0) AS seq FROM json_each(:consumers) AS names
  LEFT JOIN cursor AS c ON c.consumer = names.value AND c.org = :org`;
const SELECT_OLD = "SELECT coalesce(max(seq), 0) AS seq FROM write_log WHERE org = :org AND created_at < :before";
const SELECT_LOG = "SELECT seq, n, payload FROM write_log WHERE org = :org AND seq > :after AND seq <= :upTo ORDER BY seq LIMIT 256";
// Every chunk that the new points touch, and the newest one before them, which may have room. Rides chunk_series, once a window:
// CROSS keeps the planner from scanning all chunks of the organisation instead.
const SELECT_TOUCHED = `
  SELECT c.id, c.series, c.seq, c.n, c.t0, c.t1, c.data FROM json_each(:windows) AS w
  CROSS JOIN chunk AS c ON c.series = w.value ->> 0 AND c.org = :org
    AND c.t0 >= coalesce((SELECT t0 FROM chunk WHERE series = w.value ->> 0 AND org = :org AND t0 <= (w.value ->> 1) ORDER BY t0 DESC LIMIT 1), w.value ->> 1)
    AND c.t0 <= (w.value ->> 2)`;
// Rides the row ids: the + keeps the planner from going through all chunks of the organisation instead.
const DELETE_CHUNKS = "DELETE FROM chunk WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))";
const INSERT_CHUNK = `
  INSERT INTO chunk (org, series, t0, t1, n, seq, encoding, data) VALUES (:org, :series, :t0, :t1, :n, :seq, :encoding, :data)`;
const DELETE_LOG = "DELETE FROM write_log WHERE org = :org AND seq <= :upTo";

export function compactionStore(database: Database): CompactionStore {
  return {
    async rows(org) {
      const [row] = await database.read(SELECT_ROWS, { org });
      return row!["n"] as number;
    },
    async due(rows) {
      return (await database.read(SELECT_DUE, { rows })).map((row) => ({ org: row["org"] as OrgId, rows: row["n"] as number }));
    },

    async compact(org, { maxPoints, now }) {
      const compacted = await readCursor(database, "compact", org);
      const log = await readLog(org, maxPoints, now);
      if (log.rows === 0) return { points: 0, rows: 0 };

      const windows = [...log.bySeries].map(([series, { from, to }]) => [series, from, to]);
      const touched = await database.read(SELECT_TOUCHED, { org, windows: JSON.stringify(windows) });
      const replaced: number[] = [];
      const chunks = new Map<SeriesId, SequencedPoints[]>();
      for (const row of touched) {
        const series = row["series"] as SeriesId;
        const full = (row["n"] as number) >= CHUNK_POINTS;
        if (full && (row["t1"] as number) < log.bySeries.get(series)!.from) continue;
        replaced.push(row["id"] as number);
        const chunk = { seq: row["seq"] as number, ...decodeChunk(bytesOf(row["data"]!)) };
        const own = chunks.get(series);
        if (own === undefined) chunks.set(series, [chunk]);
        else own.push(chunk);
      }

      const inserts: Statement[] = [];
      for (const [series, points] of log.bySeries) {
        const sources = [...(chunks.get(series) ?? []), { seq: log.upTo, ...gathered(points) }];
        for (const chunk of split(mergePoints(sources))) {
          const [t0, t1] = [chunk.timestamps[0]!, chunk.timestamps.at(-1)!];
          const args = {
            org,
            series,
            t0,
            t1,
            n: chunk.timestamps.length,
            seq: log.upTo,
            encoding: CHUNK_ENCODING,
            data: encodeChunk(chunk),
          };
          inserts.push({ sql: INSERT_CHUNK, args });
        }
      }
      await database.write([
        ...moveCursor("compact", org, compacted, log.upTo),
        { sql: DELETE_CHUNKS, args: { org, ids: JSON.stringify(replaced) } },
        ...inserts,
        { sql: DELETE_LOG, args: { org, upTo: log.upTo } },
      ]);
      return { points: log.points, rows: log.rows };
    },
  };

  /** The oldest log rows that every consumer has seen, or that have waited long enough; at least one, if there is any. */
  async function readLog(org: OrgId, maxPoints: number, now: number) {
    const [seen] = await database.read(SELECT_SEEN, { org, consumers: JSON.stringify(LOG_CONSUMERS) });
    const [old] = await database.read(SELECT_OLD, { org, before: now - LOG_WAITS_MS });
    const last = Math.max(seen!["seq"] as number, old!["seq"] as number);
    const bySeries = new Map<SeriesId, GrowingPoints>();
    const gather = gatherInto(bySeries);
    let [points, rows, upTo] = [0, 0, 0];
    for (;;) {
      const page = await database.read(SELECT_LOG, { org, after: upTo, upTo: last });
      if (page.length === 0) return { bySeries, points, rows, upTo };
      for (const row of page) {
        if (rows > 0 && points + (row["n"] as number) > maxPoints) return { bySeries, points, rows, upTo };
        rows += 1;
        points += row["n"] as number;
        upTo = row["seq"] as number;
        gather(decodeLogColumns(bytesOf(row["payload"]!)));
      }
    }
  }
}

function* split({ timestamps, values }: { timestamps: Float64Array; values: Float64Array }) {
  for (let start = 0; start < timestamps.length; start += CHUNK_POINTS) {
    yield { timestamps: timestamps.slice(start, start + CHUNK_POINTS), values: values.slice(start, start + CHUNK_POINTS) };
  }
}
