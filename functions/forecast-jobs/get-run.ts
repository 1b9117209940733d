import * as v from "valibot";
import { ForecastRun } from "../../shared/contract/forecast-job.ts";
import { ForecastJobId, ForecastRunId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { runAnswer } from "./job-answer.ts";

export const getForecastRun = route({
  method: "GET",
  path: "/api/v1/forecast-jobs/{id}/runs/{run}",
  summary: "Read a run of a forecast job: how far it is, and which series could not be forecast",
  scope: "read",
  input: v.strictObject({ id: ForecastJobId, run: ForecastRunId }),
  output: ForecastRun,
  etag: true,
  problems: ["not-found"],

  async handle({ id, run }, { org }, { store }) {
    const found = await store.forOrg(org).forecastJobs.run(id, run);
    if (found === null) throw notFound();
    return runAnswer(found);
  },
});
