import type { Row } from "@libsql/client";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import { cutAtEnd, cutWithin, mergesFrom, placePoints, staysSmall, windowsOf } from "../core/series/compaction-plan.ts";
import type { ChunkExtent, Placement, Rows, SeriesEnd } from "../core/series/compaction-plan.ts";
import { gathered, gatherInto } from "../core/series/growing-points.ts";
import type { GrowingPoints } from "../core/series/growing-points.ts";
import { decodeLogColumns } from "../core/series/log-codec.ts";
import { mergePoints } from "../core/series/merge.ts";
import { LOG_CONSUMERS } from "../ports/points.ts";
import type { CompactionStore, PointColumns } from "../ports/points.ts";
import { insertChunks, newChunk, pointsOf, tierOf } from "./chunks.ts";
import type { NewChunk } from "./chunks.ts";
import { moveCursor, readCursor } from "./cursors.ts";
import { bytesOf, Conflict } from "./database.ts";
import type { Database } from "./database.ts";

/** How long the log waits for a consumer that has fallen behind. */
const LOG_WAITS_MS = 3_600_000;
/** The chunks of so many series are in memory at once, and then others in this process get their turn. */
const SERIES_A_TURN = 250;

// Rides write_log_org.
const SELECT_DUE = `
  WITH logs AS MATERIALIZED (SELECT org, count(*) AS n, min(seq) AS oldest FROM write_log GROUP BY org HAVING count(*) >= :rows)
  SELECT org FROM logs WHERE (SELECT created_at FROM write_log WHERE seq = oldest) < :before ORDER BY n DESC LIMIT 100`;
const SELECT_READY = `
  SELECT count(*) AS rows, coalesce(sum(n), 0) AS points
  FROM (SELECT n FROM write_log WHERE org = :org AND seq <= :upTo ORDER BY seq LIMIT :most)`;
const SELECT_SEEN = `
  SELECT coalesce(min(coalesce(c.seq, 0)), 0) AS seq FROM json_each(:consumers) AS names
  LEFT JOIN cursor AS c ON c.consumer = names.value AND c.org = :org`;
const SELECT_OLD = "SELECT coalesce(max(seq), 0) AS seq FROM write_log WHERE org = :org AND created_at < :before";
const SELECT_LOG = "SELECT seq, n, payload FROM write_log WHERE org = :org AND seq > :after AND seq <= :upTo ORDER BY seq LIMIT 256";
// Where each series ends, without a look at what it is made of: of its small chunks [how many, points, newest timestamp], or, without
// them, the newest of any. Rides chunk_small and chunk_series, once a series: a series is of one organisation alone.
const SELECT_ENDS = `
  WITH ends AS MATERIALIZED (
    SELECT ids.value AS series,
      (SELECT json_array(count(*), coalesce(sum(n), 0), max(t1)) FROM chunk WHERE series = ids.value AND tier = 2) AS small
    FROM json_each(:ids) AS ids)
  SELECT series, small, iif(small ->> 0 = 0, (SELECT t1 FROM chunk WHERE chunk.series = ends.series ORDER BY t0 DESC LIMIT 1), small ->> 2) AS newest
  FROM ends`;
// The chunks that reach into each window, and those next to it, without their points. Rides chunk_series, once a window: CROSS keeps
// the planner from scanning all chunks of the organisation instead.
const SELECT_EXTENTS = `
  SELECT c.id, c.series, c.t0, c.t1, c.n, c.tier FROM json_each(:windows) AS w
  CROSS JOIN chunk AS c ON c.series = w.value ->> 0 AND c.org = :org
    AND c.t0 >= coalesce((SELECT t0 FROM chunk WHERE series = w.value ->> 0 AND org = :org AND t0 <= (w.value ->> 1) ORDER BY t0 DESC LIMIT 1), w.value ->> 1)
    AND c.t0 <= coalesce((SELECT t0 FROM chunk WHERE series = w.value ->> 0 AND org = :org AND t0 > (w.value ->> 2) ORDER BY t0 LIMIT 1), w.value ->> 2)`;
// Rides the row ids: the + keeps the planner from going through all chunks of the organisation instead.
const SELECT_CHUNKS = "SELECT id, seq, encoding, data FROM chunk WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))";
// The small chunks of each series from a time on, ascending. Rides chunk_small, once a series: the + keeps the planner from others.
const SELECT_SMALL = `
  SELECT c.id, c.series, c.seq, c.t1, c.n, c.encoding, c.data FROM json_each(:ends) AS e
  CROSS JOIN chunk AS c ON c.series = e.value ->> 0 AND c.tier = 2 AND +c.t1 >= (e.value ->> 1) AND +c.org = :org
  ORDER BY e.key, c.t0`;
// Rides the row ids: the + keeps the planner from going through all chunks of the organisation instead.
const DELETE_CHUNKS = "DELETE FROM chunk WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))";
// What is replaced is still as it was read; otherwise the cursor becomes NULL, which its column refuses, and the whole batch fails.
const CHECK_REPLACED = `
  UPDATE cursor SET seq = CASE WHEN (SELECT count(*) FROM chunk WHERE +tier > 0 AND id IN (SELECT value FROM json_each(:ids))) = :n THEN seq END
  WHERE consumer = 'compact' AND org = :org`;
const DELETE_LOG = "DELETE FROM write_log WHERE org = :org AND seq <= :upTo";

export function compactionStore(database: Database): CompactionStore {
  return {
    async ready(org, { now, most }) {
      const [row] = await database.read(SELECT_READY, { org, upTo: await lastReady(org, now), most });
      return { points: row!["points"] as number, rows: row!["rows"] as number };
    },
    async due({ rows, before }) {
      return (await database.read(SELECT_DUE, { rows, before })).map((row) => row["org"] as OrgId);
    },

    async compact(org, { maxPoints, now }) {
      const compacted = await readCursor(database, "compact", org);
      const log = await readLog(org, maxPoints, now);
      if (log.rows === 0) return { points: 0, rows: 0 };

      const replaced: number[] = [];
      const chunks: NewChunk[] = [];
      const series = [...log.bySeries];
      for (let start = 0; start < series.length; start += SERIES_A_TURN) {
        if (start > 0) await new Promise(setImmediate);
        const part = series.slice(start, start + SERIES_A_TURN).map(([id, points]) => ({
          series: id,
          ...mergePoints([{ seq: log.upTo, ...gathered(points) }]),
        }));
        for (const one of await placed(org, part, log.upTo)) {
          replaced.push(...one.replaced);
          chunks.push(...one.chunks);
        }
      }
      await database.write([
        ...moveCursor("compact", org, compacted, log.upTo),
        { sql: CHECK_REPLACED, args: { org, ids: JSON.stringify(replaced), n: replaced.length } },
        { sql: DELETE_CHUNKS, args: { org, ids: JSON.stringify(replaced) } },
        ...insertChunks(org, log.upTo, chunks),
        { sql: DELETE_LOG, args: { org, upTo: log.upTo } },
      ]);
      return { points: log.points, rows: log.rows };
    },
  };

  /** What becomes of the chunks of some series with new points, which are ascending and without a timestamp twice. */
  async function placed(org: OrgId, points: readonly NewPoints[], seq: number): Promise<{ replaced: number[]; chunks: NewChunk[] }[]> {
    const ends = await readEnds(points);
    const placements = await placementsOf(org, points, ends);
    const ids = placements.flatMap(({ touched }) => touched.map(({ chunk }) => chunk.id));
    const touched = new Map(
      ids.length === 0
        ? []
        : (await database.read(SELECT_CHUNKS, { org, ids: JSON.stringify(ids) })).map((row) => [row["id"] as number, row]),
    );
    const small = await readSmall(org, points, placements, ends);
    return points.map((own, place) => {
      const { series } = own;
      const placement = placements[place]!;
      const written: NewChunk[] = [];
      const write = (tier: "merged" | "small", all: PointColumns, rows: Rows) => written.push(newChunk(series, tier, rowsOf(all, rows)));
      for (const { chunk, ...rows } of placement.touched) {
        const row = touched.get(chunk.id);
        if (row === undefined) throw new Conflict(new Error(`Chunk ${chunk.id} has gone meanwhile`));
        const merged = mergePoints([
          { seq: row["seq"] as number, ...pointsOf(row) },
          { seq, ...rowsOf(own, rows) },
        ]);
        for (const cut of cutWithin(merged.timestamps.length)) write("merged", merged, cut);
      }
      for (const rows of placement.between) {
        const between = rowsOf(own, rows);
        for (const cut of cutWithin(between.timestamps.length)) write("merged", between, cut);
      }
      const rest = rowsOf(own, { start: placement.end, end: own.timestamps.length });
      const merges = small.get(series) ?? [];
      if (rest.timestamps.length > 0) {
        const atEnd = mergePoints([...merges.map((row) => ({ seq: row["seq"] as number, ...pointsOf(row) })), { seq, ...rest }]);
        for (const { tier, ...cut } of cutAtEnd(atEnd.timestamps.length)) write(tier, atEnd, cut);
      }
      return {
        replaced: [...placement.touched.map(({ chunk }) => chunk.id), ...merges.map((row) => row["id"] as number)],
        chunks: written,
      };
    });
  }

  async function readEnds(points: readonly NewPoints[]): Promise<SeriesEnd[]> {
    const rows = await database.read(SELECT_ENDS, { ids: JSON.stringify(points.map(({ series }) => series)) });
    const bySeries = new Map(rows.map((row) => [row["series"] as SeriesId, row]));
    return points.map(({ series }) => {
      const row = bySeries.get(series)!;
      const [chunks, n] = JSON.parse(row["small"] as string) as [number, number];
      return { newest: (row["newest"] as number | null) ?? -Infinity, small: { chunks, points: n } };
    });
  }

  /** Only the chunks of series whose new points do not all lie at their end are looked at. */
  async function placementsOf(org: OrgId, points: readonly NewPoints[], ends: readonly SeriesEnd[]): Promise<Placement[]> {
    const windows = points.flatMap(({ series, timestamps }, place) =>
      windowsOf(timestamps, ends[place]!.newest).map(({ from, to }) => [series, from, to]),
    );
    const bySeries = new Map<SeriesId, Map<number, ChunkExtent>>();
    for (const row of windows.length === 0 ? [] : await database.read(SELECT_EXTENTS, { org, windows: JSON.stringify(windows) })) {
      const extents = bySeries.get(row["series"] as SeriesId) ?? new Map<number, ChunkExtent>();
      bySeries.set(row["series"] as SeriesId, extents);
      const [id, t0, t1, n] = ["id", "t0", "t1", "n"].map((name) => row[name]) as [number, number, number, number];
      extents.set(id, { id, t0, t1, n, tier: tierOf(row["tier"]) });
    }
    return points.map(({ series, timestamps }) => {
      const extents = [...(bySeries.get(series)?.values() ?? [])].toSorted((a, b) => a.t0 - b.t0);
      return placePoints(timestamps, extents);
    });
  }

  /** The small chunks that are merged with new points, by series, ascending. */
  async function readSmall(
    org: OrgId,
    points: readonly NewPoints[],
    placements: readonly Placement[],
    ends: readonly SeriesEnd[],
  ): Promise<Map<SeriesId, Row[]>> {
    const news = new Map<SeriesId, { readonly first: number; readonly n: number }>();
    const asked: (readonly [SeriesId, number])[] = [];
    for (const [place, { series, timestamps }] of points.entries()) {
      const { end } = placements[place]!;
      if (end === timestamps.length) continue;
      const [first, n] = [timestamps[end]!, timestamps.length - end];
      const from = mergesFrom(first, n, ends[place]!);
      if (from === null) continue;
      news.set(series, { first, n });
      asked.push([series, from]);
    }
    const bySeries = new Map<SeriesId, Row[]>();
    if (asked.length === 0) return bySeries;
    for (const row of await database.read(SELECT_SMALL, { org, ends: JSON.stringify(asked) })) {
      const series = row["series"] as SeriesId;
      const rows = bySeries.get(series);
      if (rows === undefined) bySeries.set(series, [row]);
      else rows.push(row);
    }
    for (const [series, rows] of bySeries) {
      const { first, n } = news.get(series)!;
      const sizes = rows.map((row) => ({ t1: row["t1"] as number, n: row["n"] as number }));
      bySeries.set(series, rows.slice(staysSmall(sizes, first, n)));
    }
    return bySeries;
  }

  /** The newest log row that every consumer has seen, or that has waited long enough for them. */
  async function lastReady(org: OrgId, now: number): Promise<number> {
    const [seen] = await database.read(SELECT_SEEN, { org, consumers: JSON.stringify(LOG_CONSUMERS) });
    const [old] = await database.read(SELECT_OLD, { org, before: now - LOG_WAITS_MS });
    return Math.max(seen!["seq"] as number, old!["seq"] as number);
  }

  /** The oldest log rows that can be compacted; at least one, if there is any. */
  async function readLog(org: OrgId, maxPoints: number, now: number) {
    const last = await lastReady(org, now);
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

/** New points of a series, ascending and without a timestamp twice. */
interface NewPoints extends PointColumns {
  readonly series: SeriesId;
}

const rowsOf = ({ timestamps, values }: PointColumns, { start, end }: Rows): PointColumns => ({
  timestamps: timestamps.subarray(start, end),
  values: values.subarray(start, end),
});
