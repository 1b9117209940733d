import type { ForecastJob, ForecastRun } from "../../shared/contract/forecast-job.ts";
import { formatDuration, isoTime, isoTimeOrNull } from "../../shared/contract/time.ts";
import type { ForecastJobsStore, Job, Run } from "../../shared/ports/forecast-jobs.ts";

/** A job as the API shows it, with how its newest run is. */
export function jobAnswer({ id, version, definition, createdAt, updatedAt, nextRunAt }: Job, lastRun: Run | null): ForecastJob {
  const { frequency, ...rest } = definition;
  return {
    id,
    version,
    ...rest,
    ...(frequency === undefined ? {} : { frequency: formatDuration(frequency) }),
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
    nextRunAt: isoTimeOrNull(nextRunAt),
    status: lastRun?.status ?? "pending",
    lastRun: lastRun === null ? null : runAnswer(lastRun),
  };
}

/** As jobAnswer, of a job whose newest run is still to be read. */
export async function readJobAnswer(job: Job, store: ForecastJobsStore): Promise<ForecastJob> {
  return jobAnswer(job, (await store.lastRuns([job.id])).get(job.id) ?? null);
}

/** A run as the API shows it. */
export function runAnswer(run: Run): ForecastRun {
  const { id, job, status, scheduledAt, startedAt, endedAt, dueAt, series, completed, failed, refusals, attempts, error } = run;
  return {
    id,
    job,
    status,
    scheduledAt: isoTime(scheduledAt),
    startedAt: isoTimeOrNull(startedAt),
    endedAt: isoTimeOrNull(endedAt),
    series,
    completed,
    failed,
    refusals: refusals.map(({ series: refused, reason }) => ({ series: refused, reason })),
    attempts,
    // Only after a failure is it a wait that says something: before, somebody is at work until then.
    nextAttemptAt: endedAt === null && error !== null ? isoTime(dueAt) : null,
    error,
  };
}
