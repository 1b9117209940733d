import * as v from "valibot";
import { ForecastJob } from "../../shared/contract/forecast-job.ts";
import { ForecastJobId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { readJobAnswer } from "./job-answer.ts";

export const getForecastJob = route({
  method: "GET",
  path: "/api/v1/forecast-jobs/{id}",
  summary: "Read a forecast job, and how its newest run is",
  scope: "read",
  input: v.strictObject({ id: ForecastJobId }),
  output: ForecastJob,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const { forecastJobs } = store.forOrg(org);
    const job = await forecastJobs.get(id);
    if (job === null) throw notFound();
    return readJobAnswer(job, forecastJobs);
  },
});
