import type { Row } from "@libsql/client";
import type { CompletedForecast, Forecast, ForecastResult, ForecastSummary, RequestedForecast } from "../contract/forecast.ts";
import type { ForecastId, OrgId, SeriesId } from "../contract/ids.ts";
import { isoTime, parseDuration } from "../contract/time.ts";
import type { ForecastingDue, ForecastParameters, ForecastsStore, NewForecast } from "../ports/forecasts.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { MEASURED, measuredOf } from "./forecast-accuracy.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import type { Outbox } from "./outbox.ts";
import { pageOf } from "./page.ts";

const INSERT = `
  INSERT INTO forecast (id, org, series, status, request, cutoff, backend, created_at, body, columns, fingerprint, starts_at, ends_at,
    frequency_ms, evaluate_at)
  VALUES (:id, :org, :series, :status, :request, :cutoff, :backend, :createdAt, :body, :columns, :fingerprint, :startsAt, :endsAt,
    :frequencyMs, :startsAt + :frequencyMs)`;
// A forecast that is not requested any more, or not there, gets a row without a status, which its column refuses: the whole batch fails.
const REQUIRE_REQUESTED = `
  INSERT INTO forecast (id, org, series, status, request, cutoff, backend, created_at)
  SELECT :id, :org, '', NULL, '', 0, '', 0
  WHERE NOT EXISTS (SELECT 1 FROM forecast WHERE id = :id AND org = :org AND status = 'requested')`;
const COMPLETE = `
  UPDATE forecast SET status = 'completed', backend = :backend, body = :body, columns = :columns, starts_at = :startsAt, ends_at = :endsAt,
    frequency_ms = :frequencyMs, evaluate_at = :startsAt + :frequencyMs
  WHERE id = :id AND org = :org`;
const FAIL = `
  UPDATE forecast SET status = 'failed', error = :error, ends_at = created_at WHERE id = :id AND org = :org AND status = 'requested'`;
const SUMMARY = `f.id, f.series, f.status, f.request, f.cutoff, f.backend, f.created_at, f.error, f.body, ${MEASURED}`;
// What was measured of a forecast is found by its primary key.
const FROM = "FROM forecast AS f LEFT JOIN forecast_accuracy AS a ON a.forecast = f.id";
// Rides the primary key.
const SELECT = `SELECT ${SUMMARY}, f.columns ${FROM} WHERE f.id = :id AND f.org = :org`;
const SELECT_REQUESTED = `
  SELECT id, series, request, cutoff, created_at FROM forecast WHERE id = :id AND org = :org AND status = 'requested'`;
const SELECT_PAGE = (which: string) => `
  SELECT ${SUMMARY} ${FROM} WHERE f.org = :org ${which} AND (f.created_at, f.id) < (:before, :beforeId)
  ORDER BY f.created_at DESC, f.id DESC LIMIT :limit`;
// Rides forecast_created.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides forecast_series.
const SELECT_PAGE_OF_SERIES = SELECT_PAGE("AND f.series = :series");
// Rides forecast_series, past those that are not completed.
const SELECT_NEWEST = `
  SELECT ${SUMMARY}, f.columns ${FROM} WHERE f.org = :org AND f.series = :series AND f.status = 'completed'
  ORDER BY f.created_at DESC, f.id DESC LIMIT 1`;
// Rides forecast_fingerprint.
const SELECT_SAME = `
  SELECT ${SUMMARY}, f.columns ${FROM}
  WHERE f.series = :series AND f.fingerprint = :fingerprint AND f.created_at >= :since AND +f.org = :org
  ORDER BY f.created_at DESC LIMIT 1`;
// Rides forecast_span, and nothing else.
const SELECT_SPANS = `
  SELECT id, created_at, starts_at, ends_at, frequency_ms FROM forecast
  WHERE org = :org AND series = :series AND status = 'completed' AND ends_at > :from AND starts_at < :to
    AND (:backend IS NULL OR backend = :backend) AND (:frequencyMs IS NULL OR frequency_ms = :frequencyMs)
  ORDER BY ends_at DESC LIMIT :limit`;
// Rides the primary key, once for each id; not limited: the caller's ids bound it.
const SELECT_COLUMNS = `
  SELECT f.id, f.cutoff, f.backend, f.columns FROM json_each(:ids) AS ids CROSS JOIN forecast AS f ON f.id = ids.value
  WHERE f.org = :org AND f.status = 'completed'`;
// Rides forecast_requested.
const SELECT_DUE = `
  SELECT org, id, created_at FROM forecast WHERE status = 'requested' AND created_at < :before ORDER BY created_at, id LIMIT :limit`;

type Columns = Pick<ForecastResult, "timestamps" | "mean" | "intervals">;
type Body = Omit<ForecastResult, keyof Columns>;

function resultArgs({ timestamps, mean, intervals, ...body }: ForecastResult) {
  const columns: Columns = { timestamps, mean, intervals };
  const frequencyMs = parseDuration(body.frequency, Infinity)!;
  return {
    backend: body.backend,
    body: JSON.stringify(body),
    columns: JSON.stringify(columns),
    startsAt: timestamps[0]!,
    endsAt: timestamps.at(-1)! + frequencyMs,
    frequencyMs,
  };
}

const NO_RESULT = { body: null, columns: null, startsAt: null, endsAt: null, frequencyMs: null };

const parametersOf = (row: Row) => JSON.parse(row["request"] as string) as ForecastParameters;

const newForecastOf = (row: Row): NewForecast => ({
  id: row["id"] as ForecastId,
  series: row["series"] as SeriesId,
  cutoff: row["cutoff"] as number,
  createdAt: row["created_at"] as number,
  parameters: parametersOf(row),
});

/** What every stored forecast says, whatever became of it. */
const commonOf = ({ id, series, cutoff, createdAt, parameters: { horizon } }: NewForecast) => ({
  id,
  series,
  createdAt: isoTime(createdAt),
  cutoff: isoTime(cutoff),
  horizon,
});

function summaryOf(row: Row): ForecastSummary {
  const common = commonOf(newForecastOf(row));
  const backend = row["backend"] as string;
  const status = row["status"] as Forecast["status"];
  if (status === "requested") return { ...common, status, backend };
  if (status === "failed") return { ...common, status, backend, error: row["error"] as string };
  const measured = measuredOf(row);
  return { ...common, status, ...(JSON.parse(row["body"] as string) as Body), ...(measured === null ? {} : { measured }) };
}

function forecastOf(row: Row): Forecast {
  const summary = summaryOf(row);
  return summary.status === "completed" ? { ...summary, ...(JSON.parse(row["columns"] as string) as Columns) } : summary;
}

const argsOf = (org: OrgId, { id, series, cutoff, createdAt, parameters }: NewForecast) => ({
  org,
  id,
  series,
  cutoff,
  createdAt,
  request: JSON.stringify(parameters),
});

/** Stores a forecast that is made. @param fingerprint - Whose answer it is from now on; null: nobody's. */
export const insertCompleted = (org: OrgId, forecast: NewForecast, result: ForecastResult, fingerprint: string | null): Statement => ({
  sql: INSERT,
  args: { ...argsOf(org, forecast), ...resultArgs(result), status: "completed", fingerprint },
});

export function forecastsStore(database: Database, outbox: Outbox, org: OrgId): ForecastsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : forecastOf(row);
    },
    async list({ series }, { limit, cursor }) {
      const place = { org, ...parseTimeCursor(cursor), limit: limit + 1 };
      const rows = await (series === undefined
        ? database.read(SELECT_PAGE_OF_ALL, place)
        : database.read(SELECT_PAGE_OF_SERIES, { ...place, series }));
      return pageOf(rows.map(summaryOf), limit, ({ createdAt, id }) => timeCursor(Date.parse(createdAt), id));
    },
    async newest(series) {
      const [row] = await database.read(SELECT_NEWEST, { org, series });
      return row === undefined ? null : (forecastOf(row) as CompletedForecast);
    },
    async same(series, fingerprint, since) {
      const [row] = await database.read(SELECT_SAME, { org, series, fingerprint, since });
      return row === undefined ? null : (forecastOf(row) as CompletedForecast);
    },
    async spans(series, { from, to, backend, frequencyMs }, limit) {
      const place = { org, series, from, to, backend: backend ?? null, frequencyMs: frequencyMs ?? null, limit };
      const rows = await database.read(SELECT_SPANS, place);
      return rows.map((row) => ({
        id: row["id"] as ForecastId,
        createdAt: row["created_at"] as number,
        startsAt: row["starts_at"] as number,
        endsAt: row["ends_at"] as number,
        frequencyMs: row["frequency_ms"] as number,
      }));
    },
    async columns(ids) {
      const rows = await database.read(SELECT_COLUMNS, { org, ids: JSON.stringify(ids) });
      return new Map(
        rows.map((row) => {
          const { mean, intervals } = JSON.parse(row["columns"] as string) as Columns;
          return [row["id"] as ForecastId, { cutoff: row["cutoff"] as number, backend: row["backend"] as string, mean, intervals }];
        }),
      );
    },
    async save(forecast, result, fingerprint = null) {
      const { id, createdAt } = forecast;
      await outbox.write(
        [insertCompleted(org, forecast, result, fingerprint)],
        [outbox.event("forecast.created", org, createdAt, { forecasts: [id] })],
      );
      return { ...commonOf(forecast), status: "completed", ...result };
    },
    async request(forecast) {
      const { backend } = forecast.parameters;
      await outbox.write(
        [{ sql: INSERT, args: { ...argsOf(org, forecast), ...NO_RESULT, status: "requested", backend, fingerprint: null } }],
        [outbox.event("forecast.requested", org, forecast.createdAt, { forecast: forecast.id })],
      );
      return { ...commonOf(forecast), status: "requested", backend } satisfies RequestedForecast;
    },
    async requested(id) {
      const [row] = await database.read(SELECT_REQUESTED, { id, org });
      return row === undefined ? null : newForecastOf(row);
    },
    complete: (id, result, at) =>
      unlessLost(() =>
        outbox.write(
          [
            { sql: REQUIRE_REQUESTED, args: { id, org } },
            { sql: COMPLETE, args: { id, org, ...resultArgs(result) } },
          ],
          [outbox.event("forecast.created", org, at, { forecasts: [id] })],
        ),
      ),
    async fail(id, error) {
      const [ended] = await database.write([{ sql: FAIL, args: { id, org, error } }]);
      return ended!.rowsAffected === 1;
    },
  };
}

export const forecastingDue = (database: Database): ForecastingDue => ({
  async requested(before, limit) {
    const rows = await database.read(SELECT_DUE, { before, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, id: row["id"] as ForecastId, createdAt: row["created_at"] as number }));
  },
});
