import { http } from "../../shared/runtime/route.ts";
import { createForecastJob } from "./create.ts";
import { deleteForecastJob } from "./delete.ts";
import { getForecastJob } from "./get.ts";
import { getForecastRun } from "./get-run.ts";
import { listForecastJobs } from "./list.ts";
import { listForecastRuns } from "./list-runs.ts";
import { patchForecastJob } from "./patch.ts";
import { replaceForecastJob } from "./replace.ts";
import { startForecastRun } from "./start-run.ts";

export default http([
  createForecastJob,
  listForecastJobs,
  getForecastJob,
  replaceForecastJob,
  patchForecastJob,
  deleteForecastJob,
  startForecastRun,
  listForecastRuns,
  getForecastRun,
]);
