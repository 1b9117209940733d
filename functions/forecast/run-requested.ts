import type { ForecastId, OrgId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import type { Deps } from "../../shared/ports.ts";
import { knownAt } from "./known.ts";
import { makeForecast } from "./make.ts";

/**
 * Makes a requested forecast and completes it; what can never be made is failed, with the reason. Does nothing when it is done already;
 * of several workers at once, one completes it.
 *
 * @throws what a retry may mend.
 */
export async function runRequested(org: OrgId, id: ForecastId, { store, clock, forecasters }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const forecast = await tenant.forecasts.requested(id);
  if (forecast === null) return;
  try {
    const known = await knownAt(tenant, { ...forecast, frequencyMs: forecast.parameters.frequencyMs });
    const result = await makeForecast(known, forecast, forecasters);
    await tenant.forecasts.complete(id, result, clock.now());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await tenant.forecasts.fail(id, error.detail);
  }
}
