import * as v from "valibot";
import { ForecastRun } from "../../shared/contract/forecast-job.ts";
import { ForecastJobId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { runAnswer } from "./job-answer.ts";

export const listForecastRuns = route({
  method: "GET",
  path: "/api/v1/forecast-jobs/{id}/runs",
  summary: "List the runs of a forecast job, newest first; they are kept for 30 days",
  scope: "read",
  input: v.strictObject({ id: ForecastJobId, ...pageQuery }),
  output: page(ForecastRun),
  problems: ["not-found"],

  async handle({ id, ...query }, { org }, { store }) {
    const { forecastJobs } = store.forOrg(org);
    if ((await forecastJobs.get(id)) === null) throw notFound();
    const { items, nextCursor } = await forecastJobs.runs(id, query);
    return { items: items.map(runAnswer), nextCursor };
  },
});
