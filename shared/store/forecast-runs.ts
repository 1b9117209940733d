import type { Row } from "@libsql/client";
import type { ForecastJobDefinition, ForecastRunStatus } from "../contract/forecast-job.ts";
import type { Event } from "../contract/events.ts";
import type { ForecastJobId, ForecastRunId, OrgId } from "../contract/ids.ts";
import { MAX_REFUSALS } from "../ports/forecast-jobs.ts";
import type { ForecastJobsStore, Refusal, Run } from "../ports/forecast-jobs.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { insertCompleted } from "./forecasts.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import type { Outbox } from "./outbox.ts";
import { pageOf } from "./page.ts";

// forecast_run_open refuses a second run of a job that has not ended: the whole batch fails.
const INSERT = `
  INSERT INTO forecast_run (id, org, job, definition, status, scheduled_at, due_at, step, attempts, after, completed, failed, refusals)
  VALUES (:id, :org, :job, :definition, 'pending', :at, :dueAt, 0, 0, '', 0, 0, '[]')`;
// A job that is due at another time gets NULL as its version, which its column refuses: the whole batch fails.
const SCHEDULE = `
  UPDATE forecast_job SET version = CASE WHEN next_run_at IS :was THEN version END, next_run_at = :next WHERE id = :id AND org = :org`;
// One that was changed or deleted meanwhile gets a row without a version: the same.
const REQUIRE_JOB = `
  INSERT INTO forecast_job (id, org, version, definition, created_at, updated_at)
  SELECT :id, :org, NULL, '', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM forecast_job WHERE id = :id AND org = :org AND version = :version)`;
// Rides the primary key.
const SELECT = "SELECT * FROM forecast_run WHERE id = :id AND org = :org AND job = :job";
// Rides forecast_run_job, once for each job.
const SELECT_LAST = `
  SELECT r.* FROM json_each(:jobs) AS jobs CROSS JOIN forecast_run AS r ON r.id = (
    SELECT id FROM forecast_run WHERE org = :org AND job = jobs.value ORDER BY scheduled_at DESC, id DESC LIMIT 1)`;
// Rides forecast_run_job.
const SELECT_PAGE = `
  SELECT * FROM forecast_run WHERE org = :org AND job = :job AND (scheduled_at, id) < (:before, :beforeId)
  ORDER BY scheduled_at DESC, id DESC LIMIT :limit`;
const CLAIM = `
  UPDATE forecast_run SET status = 'running', step = step + 1, attempts = attempts + 1, due_at = :until, started_at = coalesce(started_at, :now)
  WHERE id = :id AND org = :org AND step = :step AND status IN ('pending', 'running') AND due_at <= :now
  RETURNING *`;
// A run that somebody else has taken up, or that is gone, gets a row without a status, which its column refuses: the whole batch fails.
const REQUIRE_STEP = `
  INSERT INTO forecast_run (id, org, job, definition, status, scheduled_at, due_at, step, attempts, after, completed, failed, refusals)
  SELECT :id, :org, '', '', NULL, 0, 0, 0, 0, '', 0, 0, '[]'
  WHERE NOT EXISTS (SELECT 1 FROM forecast_run WHERE id = :id AND org = :org AND step = :step AND status = 'running')`;
const ADVANCE = `
  UPDATE forecast_run SET status = :status, after = :after, series = :series, completed = :completed, failed = :failed, refusals = :refusals,
    attempts = 0, error = NULL, due_at = :dueAt, ended_at = :endedAt
  WHERE id = :id AND org = :org`;
const HOLD = "UPDATE forecast_run SET due_at = :until WHERE id = :id AND org = :org AND step = :step AND status = 'running'";
const POSTPONE = `
  UPDATE forecast_run SET status = CASE WHEN :dueAt IS NULL THEN 'failed' ELSE status END, error = :error, due_at = coalesce(:dueAt, due_at),
    ended_at = CASE WHEN :dueAt IS NULL THEN :at END
  WHERE id = :id AND org = :org AND step = :step AND status = 'running'`;

/** Whoever takes up what is due at once may have a clock that is so far behind: what it leaves waits for the next tick. */
const CLOCKS_APART_MS = 10_000;

export const runOf = (row: Row): Run => ({
  id: row["id"] as ForecastRunId,
  job: row["job"] as ForecastJobId,
  definition: JSON.parse(row["definition"] as string) as ForecastJobDefinition,
  status: row["status"] as ForecastRunStatus,
  scheduledAt: row["scheduled_at"] as number,
  startedAt: row["started_at"] as number | null,
  endedAt: row["ended_at"] as number | null,
  dueAt: row["due_at"] as number,
  step: row["step"] as number,
  attempts: row["attempts"] as number,
  after: row["after"] as string,
  series: row["series"] as number | null,
  completed: row["completed"] as number,
  failed: row["failed"] as number,
  refusals: JSON.parse(row["refusals"] as string) as Refusal[],
  error: row["error"] as string | null,
});

/** Asks somebody to take a run up at the step that it is at. */
export const requestRun = (outbox: Outbox, org: OrgId, { id, step }: Pick<Run, "id" | "step">, at: number): Event =>
  outbox.event("forecast-run.requested", org, at, { run: id, step });

/** The runs of forecast jobs. */
export function forecastRuns(
  database: Database,
  outbox: Outbox,
  org: OrgId,
): Pick<ForecastJobsStore, "begin" | "lastRuns" | "run" | "runs" | "claim" | "hold" | "advance" | "postpone"> {
  return {
    begin: ({ id: job, version, definition }, { id, at }, due) =>
      unlessLost(() =>
        outbox.write(
          [
            { sql: REQUIRE_JOB, args: { id: job, org, version } },
            ...(due === undefined ? [] : [{ sql: SCHEDULE, args: { id: job, org, was: due.was, next: due.next } }]),
            { sql: INSERT, args: { id, org, job, definition: JSON.stringify(definition), at, dueAt: at - CLOCKS_APART_MS } },
          ],
          [requestRun(outbox, org, { id, step: 0 }, at)],
        ),
      ),
    async lastRuns(jobs) {
      const rows = await database.read(SELECT_LAST, { org, jobs: JSON.stringify(jobs) });
      return new Map(rows.map(runOf).map((run) => [run.job, run]));
    },
    async run(job, id) {
      const [row] = await database.read(SELECT, { id, org, job });
      return row === undefined ? null : runOf(row);
    },
    async runs(job, { limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, job, ...parseTimeCursor(cursor), limit: limit + 1 });
      return pageOf(rows.map(runOf), limit, ({ scheduledAt, id }) => timeCursor(scheduledAt, id));
    },
    async claim(id, step, { now, until }) {
      const [claimed] = await database.write([{ sql: CLAIM, args: { id, org, step, now, until } }]);
      const [row] = claimed!.rows;
      return row === undefined ? null : runOf(row);
    },
    async hold({ id, step }, until) {
      await database.write([{ sql: HOLD, args: { id, org, step, until } }]);
    },
    advance: (run, { forecasts, after, series, completed, refusals, isLast }, at) => {
      const progress: Statement = {
        sql: ADVANCE,
        args: {
          id: run.id,
          org,
          status: isLast ? "completed" : "running",
          after,
          series,
          completed: run.completed + completed,
          failed: run.failed + refusals.length,
          refusals: JSON.stringify([...run.refusals, ...refusals].slice(0, MAX_REFUSALS)),
          dueAt: at - CLOCKS_APART_MS,
          endedAt: isLast ? at : null,
        },
      };
      const created = forecasts.map(({ forecast }) => forecast.id);
      return unlessLost(() =>
        outbox.write(
          [
            { sql: REQUIRE_STEP, args: { id: run.id, org, step: run.step } },
            ...forecasts.map(({ forecast, result, fingerprint }) => insertCompleted(org, forecast, result, fingerprint)),
            progress,
          ],
          [
            ...(created.length > 0 ? [outbox.event("forecast.created", org, at, { forecasts: created })] : []),
            ...(isLast ? [] : [requestRun(outbox, org, run, at)]),
          ],
        ),
      );
    },
    async postpone({ id, step }, error, dueAt, at) {
      const [put] = await database.write([{ sql: POSTPONE, args: { id, org, step, error, dueAt, at } }]);
      return put!.rowsAffected === 1;
    },
  };
}
