import type { Row } from "@libsql/client";
import type { OrgId, SeriesId } from "../contract/ids.ts";
import { Problem } from "../contract/problem.ts";
import type { Dimensions, Matcher, Series } from "../contract/series.ts";
import { isoTime } from "../contract/time.ts";
import { compileMatchers } from "../core/series/matchers.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";
import type { NamedSeriesPoints, SeriesStore } from "../ports/points.ts";
import type { Database, Statement } from "./database.ts";
import type { SeriesResolver } from "./resolved-series.ts";

const INSERT = `
  INSERT INTO series (id, org, metric_key, dimensions, created_at)
  SELECT value ->> 0, :org, value ->> 1, value ->> 2, :at FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO NOTHING`;
// Rides the primary key, once for each id (the + keeps the planner from going through the organisation instead); not limited: the
// caller's ids bound it.
const SELECT_MANY =
  "SELECT id, metric_key, dimensions, created_at FROM series WHERE id IN (SELECT value FROM json_each(:ids)) AND +org = :org ORDER BY id";
// Rides series_metric.
const SELECT_METRIC = `
  SELECT id, metric_key, dimensions, created_at FROM series
  WHERE org = :org AND metric_key = :metricKey AND id > :after ORDER BY id LIMIT :limit`;
// Rides series_metric: the pages are in the order of the index.
const SELECT_ALL = `
  SELECT id, metric_key, dimensions, created_at FROM series
  WHERE org = :org AND (metric_key, id) > (:metricAfter, :after) ORDER BY metric_key, id LIMIT :limit`;
const SCAN_ROWS = 1_000;

/** Stores the series of some points; those that are there already stay as they are. */
export const insertSeries = (org: OrgId, points: readonly NamedSeriesPoints[], at: number): Statement => ({
  sql: INSERT,
  args: { org, at, rows: JSON.stringify(points.map(({ series, metricKey, dimensions }) => [series, metricKey, dimensions])) },
});

const seriesOf = (row: Row): Series => ({
  id: row["id"] as SeriesId,
  metricKey: row["metric_key"] as Series["metricKey"],
  dimensions: JSON.parse(row["dimensions"] as string) as Dimensions,
  createdAt: isoTime(row["created_at"] as number),
});

export function seriesStore(database: Database, org: OrgId, resolver: SeriesResolver): SeriesStore {
  const getMany = async (ids: readonly SeriesId[]): Promise<Series[]> =>
    ids.length === 0 ? [] : (await database.read(SELECT_MANY, { org, ids: JSON.stringify(ids) })).map(seriesOf);

  /** Series after a cursor that the matchers hold for, until `limit` of them are found or there are no more. */
  async function scan(metricKey: string | undefined, matchers: readonly Matcher[], after: readonly [string, string], limit: number) {
    const compiled = compileMatchers(matchers);
    if (!compiled.ok) {
      const { index, message } = compiled.error;
      throw new Problem("validation-failed", "A matcher's pattern is not RE2.", {
        errors: [{ path: `matchers[${index}].value`, message }],
      });
    }
    const found: Series[] = [];
    let [metricAfter, idAfter] = after;
    for (;;) {
      const rows = await (metricKey === undefined
        ? database.read(SELECT_ALL, { org, metricAfter, after: idAfter, limit: SCAN_ROWS })
        : database.read(SELECT_METRIC, { org, metricKey, after: idAfter, limit: SCAN_ROWS }));
      for (const series of rows.map(seriesOf)) {
        if (!compiled.value(series.dimensions)) continue;
        found.push(series);
        if (found.length === limit) return found;
      }
      if (rows.length < SCAN_ROWS) return found;
      const last = seriesOf(rows.at(-1)!);
      [metricAfter, idAfter] = [last.metricKey, last.id];
    }
  }

  return {
    getMany,
    async get(id) {
      return (await getMany([id]))[0] ?? null;
    },
    async list({ metricKey, matchers }, { limit, cursor }) {
      const found = await scan(metricKey, matchers, parseCursor(cursor), limit + 1);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, nextCursor: found.length > limit && last !== undefined ? `${last.metricKey}~${last.id}` : null };
    },
    select: ({ metricKey, matchers }, limit) => scan(metricKey, matchers, ["", ""], limit),
    resolve: (metricKey, dimensions) => resolver.resolve(org, metricKey, dimensions),
    idOf: (metricKey, dimensions) => seriesId(org, metricKey, canonicalDimensions(dimensions)),
  };
}

function parseCursor(cursor: string | undefined): readonly [string, string] {
  const [metricKey, id] = (cursor ?? "~").split("~");
  return [metricKey ?? "", id ?? ""];
}
