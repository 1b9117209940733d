import type { ForecastJobDefinition, ForecastRunStatus } from "../contract/forecast-job.ts";
import type { ForecastResult } from "../contract/forecast.ts";
import type { ForecastJobId, ForecastRunId, OrgId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { NewForecast } from "./forecasts.ts";

// Times are Unix ms.

/** Most jobs that an organisation has. */
export const MAX_FORECAST_JOBS = 1_000;
/** A run remembers so many of the series that could not be forecast. */
export const MAX_REFUSALS = 20;

export interface Job {
  readonly id: ForecastJobId;
  /** Grows with each change. */
  readonly version: number;
  readonly definition: ForecastJobDefinition;
  /** null while it is not enabled. */
  readonly nextRunAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Refusal {
  readonly series: SeriesId;
  readonly reason: string;
}

export interface Run {
  readonly id: ForecastRunId;
  readonly job: ForecastJobId;
  /** The job's as it was when the run began. */
  readonly definition: ForecastJobDefinition;
  readonly status: ForecastRunStatus;
  readonly scheduledAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Nobody takes it up before. */
  readonly dueAt: number;
  /** Grows each time that somebody takes the run up; who has an older one has lost it. */
  readonly step: number;
  /** How often it was taken up since it last got on. */
  readonly attempts: number;
  /** Series up to here, by id, are done. */
  readonly after: string;
  /** How many there are; null until they are counted. */
  readonly series: number | null;
  readonly completed: number;
  readonly failed: number;
  /** The first of those that failed. */
  readonly refusals: readonly Refusal[];
  /** What went wrong the last time that it did not get on. */
  readonly error: string | null;
}

/** What a step of a run has brought. */
export interface Progress {
  /** Forecasts to store, at most 100, each with whose answer it is from now on. */
  readonly forecasts: readonly { readonly forecast: NewForecast; readonly result: ForecastResult; readonly fingerprint: string | null }[];
  /** The last series that is done. */
  readonly after: string;
  readonly series: number;
  readonly completed: number;
  readonly refusals: readonly Refusal[];
  /** Whether it was the last step. */
  readonly isLast: boolean;
}

/** Writes that may lose against another process answer false, and then nothing of them is written. */
export interface ForecastJobsStore {
  get(id: ForecastJobId): Promise<Job | null>;
  /** By id, so oldest first. */
  list(page: PageQuery): Promise<Page<Job>>;
  /** False when there are MAX_FORECAST_JOBS. */
  insert(job: Job): Promise<boolean>;
  /** Replaces the version before. */
  replace(job: Job): Promise<boolean>;
  /** With its runs; one that is at work stops. */
  remove(id: ForecastJobId, version: number): Promise<boolean>;
  /**
   * Begins a run, with `forecast-run.requested`.
   * @param due - Where it is begun by its schedule: when it was due, and when it is due next.
   * @returns False where the job has one that has not ended; with `due`, also where it is due at another time.
   */
  begin(job: Job, run: { id: ForecastRunId; at: number }, due?: { was: number; next: number | null }): Promise<boolean>;
  /** The newest run of each job that has one. */
  lastRuns(jobs: readonly ForecastJobId[]): Promise<ReadonlyMap<ForecastJobId, Run>>;
  run(job: ForecastJobId, id: ForecastRunId): Promise<Run | null>;
  /** Newest first. */
  runs(job: ForecastJobId, page: PageQuery): Promise<Page<Run>>;
  /** Takes a run up that is at a step and due: nobody else does until `until`. Null where it is not, or has ended, or is not there. */
  claim(id: ForecastRunId, step: number, times: { now: number; until: number }): Promise<Run | null>;
  /** Keeps a run for longer: nobody else takes it up until `until`. Nothing where it is lost. */
  hold(run: Run, until: number): Promise<void>;
  /** Stores what a step has brought, with `forecast.created`; and asks for the next one, with `forecast-run.requested`, or ends the run. */
  advance(run: Run, progress: Progress, at: number): Promise<boolean>;
  /** Puts a run off that did not get on; null fails it. */
  postpone(run: Run, error: string, dueAt: number | null, at: number): Promise<boolean>;
}

/** What is due of forecast jobs, across organisations: for ticks. */
export interface ForecastJobsDue {
  /** Jobs whose time has come and that have no run that has not ended, most overdue first. */
  jobs(now: number, limit: number): Promise<readonly { readonly org: OrgId; readonly job: Job }[]>;
  /** Asks again for runs that are due, most overdue first, with `forecast-run.requested`. */
  requestRuns(now: number, limit: number): Promise<void>;
  /** Forgets runs that ended before a time: all of them, a bite at a time. */
  forgetRuns(before: number): Promise<void>;
}
