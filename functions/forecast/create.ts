import { Forecast, ForecastRequest } from "../../shared/contract/forecast.ts";
import type { ForecastInput } from "../../shared/contract/forecast.ts";
import type { ForecastId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { isoTime } from "../../shared/contract/time.ts";
import { fingerprintOf } from "../../shared/core/forecast/fingerprint.ts";
import { observedRows } from "../../shared/core/forecast/observed.ts";
import type { Forecasters } from "../../shared/ports/forecasters.ts";
import type { ForecastParameters } from "../../shared/ports/forecasts.ts";
import { route } from "../../shared/runtime/route.ts";
import { knownAt } from "./known.ts";
import { CACHED_MS, makeForecast } from "./make.ts";

export const createForecast = route({
  method: "POST",
  path: "/api/v1/forecasts",
  summary: "Forecast a stored series from its newest points, at once or in the background; or a history that comes with the request",
  scope: "read",
  input: ForecastRequest,
  output: Forecast,
  otherStatuses: {
    200: (forecast) => forecast.id === undefined || ("cached" in forecast && forecast.cached === true),
    202: ({ status }) => status === "requested",
  },
  location: ({ id }) => (id === undefined ? null : `/api/v1/forecasts/${id}`),
  idempotency: "reserve",
  problems: ["not-found", "series-too-short", "backend-unavailable"],

  async handle({ series, input, wait, fresh, frequency, ...options }, { org }, { store, clock, forecasters, newId }) {
    const parameters = { ...options, frequencyMs: frequency };
    if (input !== undefined) return forecastInput(input, parameters, forecasters);

    const tenant = store.forOrg(org);
    // The contract asks for one of the two.
    const reference = series!;
    const id = typeof reference === "string" ? reference : tenant.series.idOf(reference.metricKey, reference.dimensions);
    if ((await tenant.series.get(id)) === null) throw notFound();

    const now = clock.now();
    const forecast = { id: newId<ForecastId>("fct"), series: id, cutoff: now, createdAt: now, parameters };
    if (!wait) {
      // Refuses now a backend that will not be there later.
      forecasters.pick(parameters.backend);
      return tenant.forecasts.request(forecast);
    }
    const known = await knownAt(tenant, { ...forecast, frequencyMs: frequency });
    const fingerprint = fingerprintOf(known, parameters);
    const same = fresh ? null : await tenant.forecasts.same(id, fingerprint, now - CACHED_MS);
    if (same !== null) return { ...same, cached: true as const };
    const result = await makeForecast(known, forecast, forecasters);
    // One that another backend made in its place is not kept: the one that was asked for may answer the next time.
    return tenant.forecasts.save(forecast, result, result.fallback === undefined ? fingerprint : null);
  },
});

/** Nothing is stored; the cutoff is the last row's time. */
async function forecastInput(input: ForecastInput, parameters: ForecastParameters, forecasters: Forecasters): Promise<Forecast> {
  const { start, frequency, values } = input;
  const cutoff = start + (values.length - 1) * frequency;
  const asked = { ...parameters, frequencyMs: parameters.frequencyMs ?? frequency };
  const result = await makeForecast(observedRows(input), { cutoff, parameters: asked }, forecasters);
  return { status: "completed", cutoff: isoTime(cutoff), horizon: parameters.horizon, ...result };
}
