import type { Row } from "@libsql/client";
import type { ForecastResult, Measured, Measures } from "../contract/forecast.ts";
import type { ForecastId, OrgId, SeriesId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import type { AccuracyFilter, ForecastAccuracyStore, Measuring } from "../ports/forecast-accuracy.ts";
import type { Database, Statement } from "./database.ts";

// The columns of forecasts that measuring needs; of no other than those that are due. Rides the primary key.
const SELECT_UNMEASURED = `
  SELECT id, series, starts_at, ends_at, frequency_ms, evaluate_at, body ->> '$.seasonLength' AS season_length, columns FROM forecast
  WHERE id = :id AND org = :org AND evaluate_at IS NOT NULL`;
// Nothing where somebody else has measured the forecast meanwhile, or it is gone; nor where fewer steps can be compared than before, since
// what came for the others is past its retention.
const UPSERT = `
  INSERT INTO forecast_accuracy (forecast, org, series, backend, cutoff, frequency_ms, horizon, steps, final, mae, rmse, mape, smape, mase,
    wql, skill, intervals, evaluated_at)
  SELECT id, org, series, backend, cutoff, frequency_ms, (ends_at - starts_at) / frequency_ms, :steps, 0, :mae, :rmse, :mape, :smape,
    :mase, :wql, :skill, :intervals, :at
  FROM forecast WHERE id = :id AND org = :org AND evaluate_at = :evaluateAt
  ON CONFLICT (forecast) DO UPDATE SET steps = excluded.steps, mae = excluded.mae, rmse = excluded.rmse,
    mape = excluded.mape, smape = excluded.smape, mase = excluded.mase, wql = excluded.wql, skill = excluded.skill,
    intervals = excluded.intervals, evaluated_at = excluded.evaluated_at
  WHERE excluded.steps >= steps`;
const FINISH = `
  UPDATE forecast_accuracy SET final = 1
  WHERE forecast = :id AND org = :org AND EXISTS (SELECT 1 FROM forecast WHERE id = :id AND evaluate_at = :evaluateAt)`;
const SCHEDULE = "UPDATE forecast SET evaluate_at = :next WHERE id = :id AND org = :org AND evaluate_at = :evaluateAt";
const LOOKED_AT = (which: string) => `
  WITH looked AS (
    SELECT * FROM forecast_accuracy WHERE org = :org ${which} AND cutoff >= :from AND cutoff < :to ORDER BY cutoff LIMIT :limit
  ), counted AS (
    SELECT *, cutoff - (cutoff - :origin) % :step AS bucket FROM looked
    WHERE (:backend IS NULL OR backend = :backend) AND (:frequencyMs IS NULL OR frequency_ms = :frequencyMs) AND (:unfinished OR final)
  )`;
const BUCKETS = `
  SELECT bucket, backend, count(*) AS forecasts, sum(1 - final) AS unfinished, sum(steps) AS steps, avg(mae) AS mae, avg(rmse) AS rmse,
    avg(mase) AS mase, avg(smape) AS smape, avg(wql) AS wql, avg(skill) AS skill, sum(coalesce(skill, 0) < 0) AS worse_than_naive
  FROM counted GROUP BY bucket, backend ORDER BY bucket, backend`;
const COVERAGE = `
  SELECT bucket, backend, i.value ->> '$.level' AS level, total(steps * (i.value ->> '$.coverage')) / sum(steps) AS coverage
  FROM counted, json_each(counted.intervals) AS i GROUP BY bucket, backend, level ORDER BY bucket, backend, level`;
const LOOKED = "SELECT count(*) AS looked, max(cutoff - (cutoff - :origin) % :step) AS last_bucket FROM looked";
// Those of all series ride forecast_accuracy_cutoff, those of one forecast_accuracy_series.
const ALL_SERIES = LOOKED_AT("");
const ONE_SERIES = LOOKED_AT("AND series = :series");
// Rides forecast_evaluate.
const SELECT_DUE = `
  SELECT id, evaluate_at, ends_at FROM forecast WHERE org = :org AND evaluate_at <= :by ORDER BY evaluate_at, id LIMIT :limit`;
// Rides forecast_ended. Requested ones have not ended.
const DROP_FORECASTS = `
  DELETE FROM forecast WHERE id IN (
    SELECT id FROM forecast WHERE evaluate_at IS NULL AND ends_at < :before ORDER BY ends_at LIMIT :limit)`;
// Rides forecast_accuracy_age.
const FORGET = `
  DELETE FROM forecast_accuracy WHERE forecast IN (
    SELECT forecast FROM forecast_accuracy WHERE evaluated_at < :before ORDER BY evaluated_at LIMIT :limit)`;

/** A forecast's row may have 100 kB. */
const FORECASTS_A_BITE = 200;
const ACCURACIES_A_BITE = 1_000;

/** What a forecast's row says of its accuracy, of the table as `a`: for `measuredOf`. */
export const MEASURED =
  "a.steps, a.final, a.mae, a.rmse, a.mape, a.smape, a.mase, a.wql, a.skill, a.intervals AS measured_intervals, a.evaluated_at";

/** What was measured of a forecast; null where nothing was. */
export function measuredOf(row: Row): Measured | null {
  if (row["steps"] === null) return null;
  return {
    steps: row["steps"] as number,
    final: row["final"] === 1,
    evaluatedAt: isoTime(row["evaluated_at"] as number),
    mae: row["mae"] as number,
    rmse: row["rmse"] as number,
    mape: row["mape"] as number | null,
    smape: row["smape"] as number,
    mase: row["mase"] as number | null,
    wql: row["wql"] as number | null,
    skill: row["skill"] as number | null,
    intervals: JSON.parse(row["measured_intervals"] as string) as Measures["intervals"],
  };
}

export function forecastAccuracyStore(database: Database, org: OrgId): ForecastAccuracyStore {
  return {
    async due(by, limit) {
      const rows = await database.read(SELECT_DUE, { org, by, limit });
      return rows.map((row) => ({
        id: row["id"] as ForecastId,
        evaluateAt: row["evaluate_at"] as number,
        endsAt: row["ends_at"] as number,
      }));
    },

    async unmeasured(id) {
      const [row] = await database.read(SELECT_UNMEASURED, { id, org });
      if (row === undefined) return null;
      const { mean, intervals } = JSON.parse(row["columns"] as string) as Pick<ForecastResult, "mean" | "intervals">;
      return {
        id: row["id"] as ForecastId,
        series: row["series"] as SeriesId,
        startsAt: row["starts_at"] as number,
        endsAt: row["ends_at"] as number,
        frequencyMs: row["frequency_ms"] as number,
        evaluateAt: row["evaluate_at"] as number,
        seasonLength: row["season_length"] as number,
        mean: Float64Array.from(mean),
        intervals: intervals.map(({ level, lo, hi }) => ({ level, lo: Float64Array.from(lo), hi: Float64Array.from(hi) })),
      };
    },

    async save(id, { evaluateAt, next, measured, at }) {
      const place = { id, org, evaluateAt };
      const statements: Statement[] = [];
      if (measured !== null) {
        const { intervals, ...measures } = measured.measures;
        const args = { ...measures, ...place, steps: measured.steps, intervals: JSON.stringify(intervals), at };
        statements.push({ sql: UPSERT, args });
      }
      if (next === null) statements.push({ sql: FINISH, args: place });
      statements.push({ sql: SCHEDULE, args: { ...place, next } });
      const results = await database.write(statements);
      return results.at(-1)!.rowsAffected === 1;
    },

    async trend(filter, { step, origin, limit }) {
      const args = { org, ...argsOf(filter), step, origin, limit };
      const lookedAt = filter.series === undefined ? ALL_SERIES : ONE_SERIES;
      const [buckets, coverage, [seen]] = await Promise.all([
        database.read(lookedAt + BUCKETS, args),
        database.read(lookedAt + COVERAGE, args),
        database.read(lookedAt + LOOKED, args),
      ]);
      return {
        buckets: buckets.map((row) => ({
          bucket: row["bucket"] as number,
          backend: row["backend"] as string,
          forecasts: row["forecasts"] as number,
          unfinished: row["unfinished"] as number,
          steps: row["steps"] as number,
          mae: finiteOrNull(row["mae"]),
          rmse: finiteOrNull(row["rmse"]),
          mase: finiteOrNull(row["mase"]),
          smape: finiteOrNull(row["smape"]),
          wql: finiteOrNull(row["wql"]),
          skill: finiteOrNull(row["skill"]),
          worseThanNaive: row["worse_than_naive"] as number,
        })),
        coverage: coverage.map((row) => ({
          bucket: row["bucket"] as number,
          backend: row["backend"] as string,
          level: row["level"] as number,
          coverage: row["coverage"] as number,
        })),
        looked: seen!["looked"] as number,
        lastBucket: seen!["last_bucket"] as number | null,
      };
    },
  };
}

const argsOf = ({ series, backend, frequencyMs, unfinished, from, to }: AccuracyFilter) => ({
  ...(series === undefined ? {} : { series }),
  backend: backend ?? null,
  frequencyMs: frequencyMs ?? null,
  unfinished: Number(unfinished),
  from,
  to,
});

/** A mean of huge values is none. */
const finiteOrNull = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

export const measuring = (database: Database): Measuring => ({
  dropForecasts: (endedBefore) => biteByBite(database, DROP_FORECASTS, endedBefore, FORECASTS_A_BITE),
  forgetAccuracy: (before) => biteByBite(database, FORGET, before, ACCURACIES_A_BITE),
});

/** Deletes, so many rows a transaction, until there are fewer. */
async function biteByBite(database: Database, sql: string, before: number, limit: number): Promise<void> {
  for (;;) {
    const [deleted] = await database.write([{ sql, args: { before, limit } }]);
    if (deleted!.rowsAffected < limit) return;
  }
}
