import * as v from "valibot";
import { ForecastJobId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { readJobAnswer } from "./job-answer.ts";

export const deleteForecastJob = route({
  method: "DELETE",
  path: "/api/v1/forecast-jobs/{id}",
  summary: "Delete a forecast job and its runs, also one that is at work; the forecasts that they made stay",
  scope: "admin",
  input: v.strictObject({ id: ForecastJobId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, { org, requireMatch }, { store }) {
    const { forecastJobs } = store.forOrg(org);
    const job = await forecastJobs.get(id);
    if (job === null) throw notFound();
    requireMatch(await readJobAnswer(job, forecastJobs));
    if (!(await forecastJobs.remove(id, job.version))) throw new Problem("conflict", "The job was changed meanwhile.");
    return null;
  },
});
