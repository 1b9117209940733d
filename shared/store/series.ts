import type { Row } from "@libsql/client";
import * as v from "valibot";
import { SeriesId } from "../contract/ids.ts";
import type { OrgId } from "../contract/ids.ts";
import { Problem } from "../contract/problem.ts";
import { MetricKey } from "../contract/series.ts";
import type { Dimensions, Matcher, Series, SeriesKind } from "../contract/series.ts";
import { formatDuration, isoTime } from "../contract/time.ts";
import type { NamedSeries } from "../core/series/batch.ts";
import { canonicalDimensions, seriesId } from "../core/series/series-id.ts";
import type { SeriesMetadata, SeriesStore } from "../ports/points.ts";
import type { Database, Statement } from "./database.ts";
import { wrongCursor } from "./page.ts";
import type { SeriesResolver } from "./resolved-series.ts";
import { seriesRoom } from "./series-limit.ts";

const INSERT = `
  INSERT INTO series (id, org, metric_key, dimensions, created_at)
  SELECT value ->> 0, :org, value ->> 1, value ->> 2, :at FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO NOTHING`;
// Rides the primary key.
const DESCRIBE_SERIES = `
  UPDATE series SET kind = coalesce(kind, d.value ->> 1), unit = coalesce(unit, d.value ->> 2) FROM json_each(:rows) AS d
  WHERE series.id = d.value ->> 0 AND +series.org = :org AND (kind IS NULL OR unit IS NULL)`;
// Rides series_undescribed.
const DESCRIBE_METRICS = `
  UPDATE series SET kind = coalesce(kind, d.value ->> 1), unit = coalesce(unit, d.value ->> 2) FROM json_each(:rows) AS d
  WHERE series.org = :org AND series.metric_key = d.value ->> 0 AND kind IS NULL`;
// Rides the primary key.
const UPDATE = `
  UPDATE series SET kind = :kind, unit = :unit, timezone = :timezone
  WHERE id = :id AND org = :org AND kind IS :wasKind AND unit IS :wasUnit AND timezone IS :wasTimezone`;
// Rides series_metric, and reads all of the organisation's part of it.
const SELECT_METRICS =
  "SELECT metric_key, count(*) AS n FROM series WHERE org = :org GROUP BY metric_key ORDER BY n DESC, metric_key LIMIT :limit";
// Rides series_metric, and reads every series of the metric.
const SELECT_DIMENSIONS = `
  SELECT d.key AS name, count(DISTINCT d.value) AS n_values, count(*) AS n_series FROM series, json_each(series.dimensions) AS d
  WHERE series.org = :org AND series.metric_key = :metricKey GROUP BY d.key ORDER BY n_values DESC, d.key LIMIT :limit`;
// The cadence is what detection has learned.
const SELECT = `
  SELECT s.id, s.metric_key, s.dimensions, s.kind, s.unit, s.timezone, s.created_at, d.cadence_ms
  FROM series AS s LEFT JOIN detector_state AS d ON d.series = s.id`;
// Rides the primary key, once for each id (the + keeps the planner from going through the organisation instead); not limited: the
// caller's ids bound it.
const SELECT_MANY = `${SELECT} WHERE s.id IN (SELECT value FROM json_each(:ids)) AND +s.org = :org ORDER BY s.id`;
// Rides series_metric.
const SELECT_METRIC = `${SELECT} WHERE s.org = :org AND s.metric_key = :metricKey AND s.id > :after ORDER BY s.id LIMIT :limit`;
// Rides series_metric: the pages are in the order of the index.
const SELECT_ALL = `
  ${SELECT} WHERE s.org = :org AND (s.metric_key, s.id) > (:metricAfter, :after) ORDER BY s.metric_key, s.id LIMIT :limit`;
const SCAN_ROWS = 1_000;

/** Stores series; those that are there already stay as they are. */
export const insertSeries = (org: OrgId, named: readonly NamedSeries[], at: number): Statement => ({
  sql: INSERT,
  args: { org, at, rows: JSON.stringify(named.map(({ series, metricKey, dimensions }) => [series, metricKey, dimensions])) },
});

/** Keeps the metadata of series that have none so far. */
export const describeSeries = (org: OrgId, metadata: readonly (readonly [NamedSeries, SeriesMetadata])[]): Statement => ({
  sql: DESCRIBE_SERIES,
  args: { org, rows: JSON.stringify(metadata.map(([{ series }, { kind, unit }]) => [series, kind, unit])) },
});

const seriesOf = (row: Row): Series => ({
  id: row["id"] as SeriesId,
  metricKey: row["metric_key"] as Series["metricKey"],
  dimensions: JSON.parse(row["dimensions"] as string) as Dimensions,
  kind: row["kind"] as SeriesKind | null,
  unit: row["unit"] as string | null,
  timezone: row["timezone"] as string | null,
  cadence: row["cadence_ms"] === null ? null : formatDuration(row["cadence_ms"] as number),
  createdAt: isoTime(row["created_at"] as number),
});

export function seriesStore(database: Database, org: OrgId, resolver: SeriesResolver): SeriesStore {
  const getMany = async (ids: readonly SeriesId[]): Promise<Series[]> =>
    ids.length === 0 ? [] : (await database.read(SELECT_MANY, { org, ids: JSON.stringify(ids) })).map(seriesOf);

  /** Series after a cursor that the matchers hold for, until `limit` of them are found or there are no more. */
  async function scan(metricKey: string | undefined, matchers: readonly Matcher[], after: readonly [string, string], limit: number) {
    // Loaded where it is needed: the engine of the patterns is a third of a bundle, and few functions have patterns.
    const { compileMatchers } = await import("../core/series/matchers.ts");
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
    select: ({ metricKey, matchers }, limit, after = "") => scan(metricKey, matchers, [metricKey, after], limit),
    async count({ metricKey, matchers }) {
      let picked = 0;
      for (let after = ""; ;) {
        const page = await scan(metricKey, matchers, [metricKey, after], SCAN_ROWS);
        picked += page.length;
        if (page.length < SCAN_ROWS) return picked;
        after = page.at(-1)!.id;
      }
    },
    resolve: (metricKey, dimensions) => resolver.resolve(org, metricKey, dimensions),
    resolveEncoded: (name, read) => resolver.resolveEncoded(org, name, read),
    async update({ id, kind, unit, timezone }, was) {
      const args = { org, id, kind, unit, timezone, wasKind: was.kind, wasUnit: was.unit, wasTimezone: was.timezone };
      const [result] = await database.write([{ sql: UPDATE, args }]);
      return result!.rowsAffected === 1;
    },
    async cardinality(limit) {
      const { n, most } = await seriesRoom(database, org);
      const rows = await database.read(SELECT_METRICS, { org, limit });
      return {
        series: n,
        mostSeries: most,
        metrics: rows.map((row) => ({ metricKey: row["metric_key"] as string, series: row["n"] as number })),
      };
    },
    async dimensions(metricKey, limit) {
      const rows = await database.read(SELECT_DIMENSIONS, { org, metricKey, limit });
      return rows.map((row) => ({ name: row["name"] as string, values: row["n_values"] as number, series: row["n_series"] as number }));
    },
    async describe(metrics) {
      const rows = metrics.map(({ metricKey, kind, unit }) => [metricKey, kind, unit]);
      if (rows.length > 0) await database.write([{ sql: DESCRIBE_METRICS, args: { org, rows: JSON.stringify(rows) } }]);
    },
    idOf: (metricKey, dimensions) => seriesId(org, metricKey, canonicalDimensions(dimensions)),
  };
}

function parseCursor(cursor: string | undefined): readonly [string, string] {
  if (cursor === undefined) return ["", ""];
  const [metricKey, id, ...more] = cursor.split("~");
  if (more.length > 0 || !v.is(MetricKey, metricKey) || !v.is(SeriesId, id)) throw wrongCursor();
  return [metricKey, id];
}
