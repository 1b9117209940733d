import { ForecastJob, ForecastJobReplacement } from "../../shared/contract/forecast-job.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeJob } from "./change-job.ts";

export const replaceForecastJob = route({
  method: "PUT",
  path: "/api/v1/forecast-jobs/{id}",
  summary: "Replace a forecast job; a run that is at work ends as it began",
  scope: "admin",
  input: ForecastJobReplacement,
  output: ForecastJob,
  readOnly: ["version", "createdAt", "updatedAt", "nextRunAt", "status", "lastRun"],
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict", "backend-unavailable"],

  handle({ id, ...definition }, context, { store, clock, forecasters }) {
    return changeJob(id, () => definition, { store: store.forOrg(context.org).forecastJobs, forecasters, now: clock.now() }, context);
  },
});
