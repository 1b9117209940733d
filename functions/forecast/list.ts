import * as v from "valibot";
import { ForecastSummary } from "../../shared/contract/forecast.ts";
import { SeriesId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listForecasts = route({
  method: "GET",
  path: "/api/v1/forecasts",
  summary: "List forecasts, newest first, without their columns",
  scope: "read",
  input: v.strictObject({ series: v.optional(SeriesId), ...pageQuery }),
  output: page(ForecastSummary),
  problems: [],

  handle: ({ series, ...query }, { org }, { store }) => store.forOrg(org).forecasts.list({ series }, query),
});
