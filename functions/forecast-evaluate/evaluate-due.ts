import type { ForecastId, OrgId } from "../../shared/contract/ids.ts";
import { each } from "../../shared/core/each.ts";
import { measureForecast, nextEvaluation } from "../../shared/core/forecast/measuring.ts";
import type { Deps } from "../../shared/ports.ts";
import type { DueForecast } from "../../shared/ports/forecast-accuracy.ts";
import { observedBeside } from "./observed.ts";

/** For so long a tick goes on, about 60,000 forecasts; the others are left to the next hour. */
const TIME_MS = 240_000;
/** So many of an organisation have their turn, then the next organisation's. */
const FORECASTS_A_TURN = 50;
const ORGS_A_PAGE = 100;
/** One that could not be measured is tried again after so long, behind those that can. */
const POSTPONED_MS = 3_600_000;
/** One that could not be measured for so long after its end never will be. */
const GIVEN_UP_MS = 7 * 86_400_000;

/** Measures the forecasts for which something may have come, by organisations in turn, each apart. @throws AggregateError of those that failed. */
export const evaluateDue = (now: number, deps: Deps): Promise<void> =>
  each(dueForecasts(now, deps), "evaluations", async (due) => {
    try {
      await evaluateForecast(due, now, deps);
    } catch (error) {
      await postpone(due, now, deps);
      throw error;
    }
  });

type Due = DueForecast & { readonly org: OrgId };

async function* dueForecasts(now: number, { store, clock }: Deps): AsyncGenerator<Due> {
  const until = clock.now() + TIME_MS;
  const given = new Set<ForecastId>();
  let turn: Iterable<OrgId> | AsyncIterable<OrgId> = everyOrg(store);
  for (;;) {
    const again: OrgId[] = [];
    for await (const org of turn) {
      const due = await store.forOrg(org).forecastAccuracy.due(now, FORECASTS_A_TURN);
      const fresh = due.filter(({ id }) => !given.has(id));
      if (due.length === FORECASTS_A_TURN && fresh.length > 0) again.push(org);
      for (const one of fresh) {
        if (clock.now() >= until) return;
        given.add(one.id);
        yield { org, ...one };
      }
    }
    if (again.length === 0) return;
    turn = again;
  }
}

async function* everyOrg({ platform }: Deps["store"]): AsyncGenerator<OrgId> {
  for (let after = ""; ;) {
    const orgs = await platform.orgs.list(after, ORGS_A_PAGE);
    yield* orgs;
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

/** Again changes nothing, and of several workers at once one keeps what it measured. */
async function evaluateForecast({ org, id, evaluateAt }: Due, now: number, { store }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const forecast = await tenant.forecastAccuracy.unmeasured(id);
  if (forecast?.evaluateAt !== evaluateAt) return;
  const { observed, steps } = await observedBeside(tenant, forecast, now);
  const measured = measureForecast(observed, forecast, steps);
  await tenant.forecastAccuracy.save(id, { evaluateAt, next: nextEvaluation(forecast, now), measured, at: now });
}

async function postpone({ org, id, evaluateAt, endsAt }: Due, now: number, { store }: Deps): Promise<void> {
  const next = now >= endsAt + GIVEN_UP_MS ? null : now + POSTPONED_MS;
  await store.forOrg(org).forecastAccuracy.save(id, { evaluateAt, next, measured: null, at: now });
}
