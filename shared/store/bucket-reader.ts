import type { OrgId, SeriesId } from "../contract/ids.ts";
import { openBucketSums } from "../core/series/bucket-sums.ts";
import { mergePoints, within } from "../core/series/merge.ts";
import type { SequencedPoints } from "../core/series/merge.ts";
import { decodeRollup, HOUR_MS } from "../core/series/rollup.ts";
import type { Partials } from "../core/series/rollup.ts";
import type { PointStore } from "../ports/points.ts";
import { pointsOf, TIERS } from "./chunks.ts";
import { bytesOf } from "./database.ts";
import type { Database } from "./database.ts";

// The points come along only where the rollup does not do: where the chunk has none, reaches out of the window, or the log has a point
// in it. Chunks of a series never overlap, so only one that starts before the window can reach into it. Rides chunk_series.
const SELECT_ROLLUPS = (order: "ASC" | "DESC") => `
  SELECT t0, t1, seq, tier, encoding, rollup,
    CASE WHEN tier > 0 AND (rollup IS NULL OR t0 < :from OR t1 >= :to
      OR EXISTS (SELECT 1 FROM json_each(:logged) AS l WHERE l.value ->> 0 <= t1 AND l.value ->> 1 >= t0)) THEN data END AS data
  FROM chunk
  WHERE series = :series AND org = :org AND t0 < :to AND t1 >= :from
    AND t0 >= coalesce((SELECT t0 FROM chunk WHERE series = :series AND org = :org AND t0 <= :from ORDER BY t0 DESC LIMIT 1), :from)
  ORDER BY t0 ${order} LIMIT :limit`;
const SELECT_ASCENDING = SELECT_ROLLUPS("ASC");
const SELECT_DESCENDING = SELECT_ROLLUPS("DESC");

const CHUNKS_A_READ = 64;
/** Where points of the log lie, in so many ranges at most. */
const MOST_RANGES = 100;

type ReadLog = (series: ReadonlySet<SeriesId>, from: number, to: number) => Promise<ReadonlyMap<SeriesId, readonly SequencedPoints[]>>;

/**
 * Reads buckets of whole hours, adding up the rollups of chunks. Chunks have no point in common, so their rollups add up; what the log
 * has beside them is a part of its own, and where it may have a point of a chunk again, the chunk's points are read.
 */
export function bucketReader(database: Database, org: OrgId, readLog: ReadLog): PointStore["buckets"] {
  return async (series, { from, to, step, aggregates, limit, order }) => {
    const sums = openBucketSums(step);
    // The log first: a row that is compacted meanwhile then shows up twice, never not at all.
    const logged = (await readLog(new Set([series]), from, to)).get(series) ?? [];
    const log = within(mergePoints(logged), from, to);
    const ranges = JSON.stringify(rangesOf(log.timestamps));
    const sql = order === "asc" ? SELECT_ASCENDING : SELECT_DESCENDING;
    const read: { from: number; to: number }[] = [];
    let [left, right] = [from, to];
    let ended = false;
    while (!ended) {
      const rows = await database.read(sql, { org, series, from: left, to: right, logged: ranges, limit: CHUNKS_A_READ });
      for (const row of rows) {
        const [t0, t1] = [row["t0"] as number, row["t1"] as number];
        const part = { from: Math.max(t0, left), to: Math.min(t1 + 1, right) };
        read.push(part);
        if (row["data"] !== null) {
          const points = mergePoints([{ seq: row["seq"] as number, ...pointsOf(row) }, ...logged]);
          sums.addPoints(within(points, part.from, part.to));
        } else {
          const partials = decodeRollup(bytesOf(row["rollup"]!));
          const isWhole = row["tier"] !== TIERS.expired || (t0 >= left && t1 < right);
          sums.addPartials(isWhole ? partials : wholeHours(partials, left, right), t0);
        }
      }
      ended = rows.length < CHUNKS_A_READ;
      if (ended) break;
      // Chunks that follow may have points of the buckets at this end, and of no others.
      const last = rows.at(-1)!;
      if (order === "asc") left = (last["t1"] as number) + 1;
      else right = last["t0"] as number;
      if (sums.count(order === "asc" ? "before" : "from", order === "asc" ? left : right) >= limit) break;
    }
    for (const points of outside(log, read)) sums.addPoints(points);
    const [low, high] = ended ? [-Infinity, Infinity] : order === "asc" ? [-Infinity, left] : [right, Infinity];
    const all = sums.buckets(aggregates, low, high);
    const cut = <Value>(column: readonly Value[]) => (order === "asc" ? column.slice(0, limit) : column.slice(-limit));
    return {
      timestamps: cut(all.timestamps),
      aggregates: Object.fromEntries(Object.entries(all.aggregates).map(([name, column]) => [name, cut(column)])),
    };
  };
}

/** Where points lie, as [first, last] of each run without an hour between two of them; as one range where that were many. */
function rangesOf(timestamps: Float64Array): [number, number][] {
  const ranges: [number, number][] = [];
  for (const timestamp of timestamps) {
    const last = ranges.at(-1);
    if (last !== undefined && timestamp - last[1] <= HOUR_MS) last[1] = timestamp;
    else ranges.push([timestamp, timestamp]);
  }
  return ranges.length <= MOST_RANGES ? ranges : [[ranges[0]![0], ranges.at(-1)![1]]];
}

function wholeHours(partials: Partials, from: number, to: number): Partials {
  const isIn = partials.starts.map((start) => Number(start >= from && start + HOUR_MS <= to));
  const [first, end] = [isIn.indexOf(1), isIn.lastIndexOf(1) + 1];
  const cut = (column: Float64Array) => column.subarray(Math.max(first, 0), end);
  const { starts, counts, sums, mins, maxs, lasts } = partials;
  return { starts: cut(starts), counts: cut(counts), sums: cut(sums), mins: cut(mins), maxs: cut(maxs), lasts: cut(lasts) };
}

/** The points that lie in none of the parts, which have nothing in common. */
function* outside(
  points: { readonly timestamps: Float64Array; readonly values: Float64Array },
  parts: readonly { from: number; to: number }[],
) {
  let left = -Infinity;
  for (const { from, to } of parts.toSorted((a, b) => a.from - b.from)) {
    yield within(points, left, from);
    left = to;
  }
  yield within(points, left, Infinity);
}
