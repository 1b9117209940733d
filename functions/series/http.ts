import { http } from "../../shared/runtime/route.ts";
import { deleteSeriesSettings } from "./delete-settings.ts";
import { readSeriesForecasts } from "./forecasts.ts";
import { getSeries } from "./get.ts";
import { getSeriesDetection } from "./detection.ts";
import { getRetention } from "./get-retention.ts";
import { getSeriesSettings } from "./get-settings.ts";
import { listLastPoints } from "./last.ts";
import { listSeries } from "./list.ts";
import { patchSeriesSettings } from "./patch-settings.ts";
import { readPoints } from "./points.ts";
import { replaceRetention } from "./replace-retention.ts";
import { replaceSeriesSettings } from "./replace-settings.ts";
import { readScores } from "./scores.ts";
import { updateSeries } from "./update.ts";
import { getUsage } from "./usage.ts";

// The path of the last points comes before the one of a series, which it looks like.
export default http([
  listSeries,
  listLastPoints,
  getSeries,
  updateSeries,
  readPoints,
  readScores,
  getSeriesDetection,
  readSeriesForecasts,
  getSeriesSettings,
  replaceSeriesSettings,
  patchSeriesSettings,
  deleteSeriesSettings,
  getUsage,
  getRetention,
  replaceRetention,
]);
