import * as v from "valibot";
import { Forecast } from "../../shared/contract/forecast.ts";
import { ForecastId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const getForecast = route({
  method: "GET",
  path: "/api/v1/forecasts/{id}",
  summary: "Read a forecast, or how far it is",
  scope: "read",
  input: v.strictObject({ id: ForecastId }),
  output: Forecast,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const forecast = await store.forOrg(org).forecasts.get(id);
    if (forecast === null) throw notFound();
    return forecast;
  },
});
