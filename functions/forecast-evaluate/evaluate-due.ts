import type { ForecastId } from "../../shared/contract/ids.ts";
import { each } from "../../shared/core/each.ts";
import { measureForecast, nextEvaluation } from "../../shared/core/forecast/measuring.ts";
import type { Deps } from "../../shared/ports.ts";
import type { DueForecast } from "../../shared/ports/forecast-accuracy.ts";
import { observedBeside } from "./observed.ts";

/** Most forecasts that one tick measures, and for how long it goes on; the others are left to the next hour. */
const FORECASTS_A_TICK = 20_000;
const TIME_MS = 240_000;
const FORECASTS_A_BITE = 200;
/** One that could not be measured is tried again after so long, behind those that can. */
const POSTPONED_MS = 3_600_000;
/** One that could not be measured for so long after its end never will be. */
const GIVEN_UP_MS = 7 * 86_400_000;

/** Measures the forecasts for which something may have come, the most overdue first, each apart. @throws AggregateError of those that failed. */
export const evaluateDue = (now: number, deps: Deps): Promise<void> =>
  each(dueForecasts(now, deps), "evaluations", async (due) => {
    try {
      await evaluateForecast(due, now, deps);
    } catch (error) {
      await postpone(due, now, deps);
      throw error;
    }
  });

async function* dueForecasts(now: number, { store, clock }: Deps): AsyncGenerator<DueForecast> {
  const until = clock.now() + TIME_MS;
  const given = new Set<ForecastId>();
  while (given.size < FORECASTS_A_TICK) {
    const due = await store.platform.measuring.due(now, FORECASTS_A_BITE);
    const fresh = due.filter(({ id }) => !given.has(id));
    for (const one of fresh) {
      if (clock.now() >= until) return;
      given.add(one.id);
      yield one;
    }
    if (due.length < FORECASTS_A_BITE || fresh.length === 0) return;
  }
}

/** Again changes nothing, and of several workers at once one keeps what it measured. */
async function evaluateForecast({ org, id, evaluateAt }: DueForecast, now: number, { store }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const forecast = await tenant.forecastAccuracy.unmeasured(id);
  if (forecast?.evaluateAt !== evaluateAt) return;
  const { observed, steps } = await observedBeside(tenant, forecast, now);
  const measured = measureForecast(observed, forecast, steps);
  await tenant.forecastAccuracy.save(id, { evaluateAt, next: nextEvaluation(forecast, now), measured, at: now });
}

async function postpone({ org, id, evaluateAt, endsAt }: DueForecast, now: number, { store }: Deps): Promise<void> {
  const next = now >= endsAt + GIVEN_UP_MS ? null : now + POSTPONED_MS;
  await store.forOrg(org).forecastAccuracy.save(id, { evaluateAt, next, measured: null, at: now });
}
