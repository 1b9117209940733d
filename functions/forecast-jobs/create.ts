import { ForecastJob, ForecastJobDefinition } from "../../shared/contract/forecast-job.ts";
import type { ForecastJobId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { MAX_FORECAST_JOBS } from "../../shared/ports/forecast-jobs.ts";
import type { Job } from "../../shared/ports/forecast-jobs.ts";
import { route } from "../../shared/runtime/route.ts";
import { scheduledNext } from "./change-job.ts";
import { jobAnswer } from "./job-answer.ts";

export const createForecastJob = route({
  method: "POST",
  path: "/api/v1/forecast-jobs",
  summary: "Have the series that a selector picks forecast again and again, hourly, daily or by a cron schedule in a time zone",
  scope: "admin",
  input: ForecastJobDefinition,
  output: ForecastJob,
  location: ({ id }) => `/api/v1/forecast-jobs/${id}`,
  etag: true,
  idempotency: "reserve",
  problems: ["limit-reached", "backend-unavailable"],

  async handle(definition, { org }, { store, clock, forecasters, newId }) {
    const now = clock.now();
    const nextRunAt = scheduledNext(definition, forecasters, now);
    const job: Job = { id: newId<ForecastJobId>("fjb"), version: 1, definition, nextRunAt, createdAt: now, updatedAt: now };
    if (!(await store.forOrg(org).forecastJobs.insert(job))) {
      throw new Problem("limit-reached", `An organisation may have ${MAX_FORECAST_JOBS} forecast jobs.`);
    }
    return jobAnswer(job, null);
  },
});
