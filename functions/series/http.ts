import { http } from "../../shared/runtime/route.ts";
import { readSeriesForecasts } from "./forecasts.ts";
import { getSeries } from "./get.ts";
import { getRetention } from "./get-retention.ts";
import { listLastPoints } from "./last.ts";
import { listSeries } from "./list.ts";
import { readPoints } from "./points.ts";
import { replaceRetention } from "./replace-retention.ts";
import { updateSeries } from "./update.ts";
import { getUsage } from "./usage.ts";

// The path of the last points comes before the one of a series, which it looks like.
export default http([
  listSeries,
  listLastPoints,
  getSeries,
  updateSeries,
  readPoints,
  readSeriesForecasts,
  getUsage,
  getRetention,
  replaceRetention,
]);
