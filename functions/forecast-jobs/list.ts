import * as v from "valibot";
import { ForecastJob } from "../../shared/contract/forecast-job.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";
import { jobAnswer } from "./job-answer.ts";

export const listForecastJobs = route({
  method: "GET",
  path: "/api/v1/forecast-jobs",
  summary: "List forecast jobs, oldest first, each with its newest run",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(ForecastJob),
  problems: [],

  async handle(query, { org }, { store }) {
    const { forecastJobs } = store.forOrg(org);
    const { items, nextCursor } = await forecastJobs.list(query);
    const lastRuns = await forecastJobs.lastRuns(items.map(({ id }) => id));
    return { items: items.map((job) => jobAnswer(job, lastRuns.get(job.id) ?? null)), nextCursor };
  },
});
