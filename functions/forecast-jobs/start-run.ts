import * as v from "valibot";
import { ForecastRun } from "../../shared/contract/forecast-job.ts";
import { ForecastJobId } from "../../shared/contract/ids.ts";
import type { ForecastRunId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { runAnswer } from "./job-answer.ts";

export const startForecastRun = route({
  method: "POST",
  path: "/api/v1/forecast-jobs/{id}/runs",
  summary: "Run a forecast job now, whatever its schedule says, also one that is not enabled",
  scope: "admin",
  input: v.strictObject({ id: ForecastJobId }),
  output: ForecastRun,
  location: ({ id, job }) => `/api/v1/forecast-jobs/${job}/runs/${id}`,
  idempotency: "reserve",
  problems: ["not-found", "conflict"],

  async handle({ id }, { org }, { store, clock, newId }) {
    const { forecastJobs } = store.forOrg(org);
    const job = await forecastJobs.get(id);
    if (job === null) throw notFound();
    const run = newId<ForecastRunId>("frn");
    if (!(await forecastJobs.begin(job, { id: run, at: clock.now() }))) {
      throw new Problem("conflict", "The job has a run that has not ended, or was changed meanwhile.");
    }
    return runAnswer((await forecastJobs.run(id, run))!);
  },
});
