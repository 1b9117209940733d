import { http } from "../../shared/runtime/route.ts";
import { readForecastAccuracy } from "./accuracy.ts";
import { createForecast } from "./create.ts";
import { evaluateForecasts } from "./evaluate.ts";
import { getForecast } from "./get.ts";
import { listBackends } from "./list-backends.ts";
import { listForecasts } from "./list.ts";

export default http([createForecast, listForecasts, getForecast, evaluateForecasts, readForecastAccuracy, listBackends]);
