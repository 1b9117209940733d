import type { OrgId, SeriesId } from "../contract/ids.ts";
import type { NamedSeries } from "../core/series/batch.ts";
import type { Database } from "./database.ts";

/** Series that an organisation may have, where nothing else is set. */
export const DEFAULT_SERIES_LIMIT = 1_000_000;

// Rides series_metric, whose part of the organisation is counted: the caller does so only for series that are new to its process.
const SELECT_ROOM = `
  SELECT coalesce((SELECT series_limit FROM org WHERE id = :org), :most) AS most, (SELECT count(*) FROM series WHERE org = :org) AS n`;
// Rides the primary key, once for each id (the + keeps the planner from going through the organisation instead).
const SELECT_STORED = "SELECT id FROM series WHERE id IN (SELECT value FROM json_each(:ids)) AND +org = :org";

/** How many series an organisation has, and may have. */
export async function seriesRoom(database: Database, org: OrgId): Promise<{ n: number; most: number }> {
  const [row] = await database.read(SELECT_ROOM, { org, most: DEFAULT_SERIES_LIMIT });
  return { n: row!["n"] as number, most: row!["most"] as number };
}

/**
 * Which series are new, and more than the organisation may have, in the order they come. Two processes that each let the last one in
 * may go over the limit by what they take at once.
 */
export async function beyondSeriesLimit(database: Database, org: OrgId, series: readonly NamedSeries[]): Promise<ReadonlySet<NamedSeries>> {
  const unknown = series.filter(({ isStored }) => isStored !== true);
  if (unknown.length === 0) return new Set();
  const { n, most } = await seriesRoom(database, org);
  const ids = new Set(unknown.map(({ series: id }) => id));
  if (n + ids.size <= most) return new Set();
  for (const row of await database.read(SELECT_STORED, { org, ids: JSON.stringify([...ids]) })) ids.delete(row["id"] as SeriesId);
  const refused = new Set([...ids].slice(Math.max(0, most - n)));
  return new Set(unknown.filter(({ series: id }) => refused.has(id)));
}
