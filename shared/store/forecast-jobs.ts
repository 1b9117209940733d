import type { Row } from "@libsql/client";
import type { ForecastJobDefinition } from "../contract/forecast-job.ts";
import { ForecastJobId } from "../contract/ids.ts";
import type { OrgId } from "../contract/ids.ts";
import { MAX_FORECAST_JOBS } from "../ports/forecast-jobs.ts";
import type { ForecastJobsDue, ForecastJobsStore, Job } from "../ports/forecast-jobs.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { forecastRuns, requestRun, runOf } from "./forecast-runs.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";

// Rides the primary key.
const SELECT = "SELECT * FROM forecast_job WHERE id = :id AND org = :org";
// Rides forecast_job_org.
const SELECT_PAGE = "SELECT * FROM forecast_job WHERE org = :org AND id > :after ORDER BY id LIMIT :limit";
// Counts on forecast_job_org: at most MAX_FORECAST_JOBS of them.
const INSERT = `
  INSERT INTO forecast_job (id, org, version, definition, next_run_at, created_at, updated_at)
  SELECT :id, :org, :version, :definition, :nextRunAt, :createdAt, :updatedAt
  WHERE (SELECT count(*) FROM forecast_job WHERE org = :org) < :most`;
const REPLACE = `
  UPDATE forecast_job SET version = :version, definition = :definition, next_run_at = :nextRunAt, updated_at = :updatedAt
  WHERE id = :id AND org = :org AND version = :version - 1`;
// A job that is at another version gets NULL, which its column refuses: the whole batch fails.
const REQUIRE_VERSION = `
  UPDATE forecast_job SET version = CASE WHEN version = :version THEN version END WHERE id = :id AND org = :org`;
const DELETE = "DELETE FROM forecast_job WHERE id = :id AND org = :org";
// Rides forecast_run_job.
const DELETE_RUNS = "DELETE FROM forecast_run WHERE org = :org AND job = :id";
// Rides forecast_job_due and, for each, forecast_run_open.
const SELECT_DUE = `
  SELECT * FROM forecast_job AS j
  WHERE next_run_at <= :now AND NOT EXISTS (SELECT 1 FROM forecast_run AS r WHERE r.job = j.id AND r.status IN ('pending', 'running'))
  ORDER BY next_run_at LIMIT :limit`;
// Rides forecast_run_due.
const SELECT_RUNS_DUE = `
  SELECT * FROM forecast_run WHERE status IN ('pending', 'running') AND due_at <= :now ORDER BY due_at LIMIT :limit`;
// Rides forecast_run_ended.
const FORGET_RUNS = `
  DELETE FROM forecast_run WHERE id IN (SELECT id FROM forecast_run WHERE ended_at < :before ORDER BY ended_at LIMIT :limit)`;
const ROWS_A_BITE = 1_000;

const jobOf = (row: Row): Job => ({
  id: row["id"] as ForecastJobId,
  version: row["version"] as number,
  definition: JSON.parse(row["definition"] as string) as ForecastJobDefinition,
  nextRunAt: row["next_run_at"] as number | null,
  createdAt: row["created_at"] as number,
  updatedAt: row["updated_at"] as number,
});

const argsOf = (org: OrgId, { definition, ...job }: Job) => ({ ...job, org, definition: JSON.stringify(definition) });

export function forecastJobsStore(database: Database, outbox: Outbox, org: OrgId): ForecastJobsStore {
  return {
    ...forecastRuns(database, outbox, org),
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : jobOf(row);
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, after: afterId(ForecastJobId, cursor), limit: limit + 1 });
      return pageOf(rows.map(jobOf), limit, ({ id }) => id);
    },
    async insert(job) {
      const [result] = await database.write([{ sql: INSERT, args: { ...argsOf(org, job), most: MAX_FORECAST_JOBS } }]);
      return result!.rowsAffected === 1;
    },
    async replace(job) {
      const { createdAt: _, ...args } = argsOf(org, job);
      const [result] = await database.write([{ sql: REPLACE, args }]);
      return result!.rowsAffected === 1;
    },
    remove: (id, version) =>
      unlessLost(() =>
        database.write([
          { sql: REQUIRE_VERSION, args: { org, id, version } },
          { sql: DELETE_RUNS, args: { org, id } },
          { sql: DELETE, args: { org, id } },
        ]),
      ),
  };
}

export const forecastJobsDue = (database: Database, outbox: Outbox): ForecastJobsDue => ({
  async jobs(now, limit) {
    const rows = await database.read(SELECT_DUE, { now, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, job: jobOf(row) }));
  },
  async requestRuns(now, limit) {
    const rows = await database.read(SELECT_RUNS_DUE, { now, limit });
    if (rows.length > 0)
      await outbox.write(
        [],
        rows.map((row) => requestRun(outbox, row["org"] as OrgId, runOf(row), now)),
      );
  },
  async forgetRuns(before) {
    for (;;) {
      const [deleted] = await database.write([{ sql: FORGET_RUNS, args: { before, limit: ROWS_A_BITE } }]);
      if (deleted!.rowsAffected < ROWS_A_BITE) return;
    }
  },
});
