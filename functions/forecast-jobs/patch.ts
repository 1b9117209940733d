import * as v from "valibot";
import { ForecastJob, ForecastJobDefinition } from "../../shared/contract/forecast-job.ts";
import { ForecastJobId } from "../../shared/contract/ids.ts";
import { parseOrRefuse } from "../../shared/contract/problem.ts";
import { mergePatch } from "../../shared/core/merge-patch.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeJob } from "./change-job.ts";

export const patchForecastJob = route({
  method: "PATCH",
  path: "/api/v1/forecast-jobs/{id}",
  summary: "Change some members of a forecast job (JSON merge patch): null puts a default back",
  scope: "admin",
  input: v.looseObject({ id: ForecastJobId }),
  output: ForecastJob,
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict", "backend-unavailable"],

  handle({ id, ...patch }, context, { store, clock, forecasters }) {
    const edit = (present: ForecastJobDefinition) => parseOrRefuse(ForecastJobDefinition, mergePatch(present, patch));
    return changeJob(id, edit, { store: store.forOrg(context.org).forecastJobs, forecasters, now: clock.now() }, context);
  },
});
