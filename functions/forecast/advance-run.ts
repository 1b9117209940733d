import type { ForecastId, OrgId } from "../../shared/contract/ids.ts";
import type { Backend } from "../../shared/contract/forecast.ts";
import type { EventData } from "../../shared/contract/events.ts";
import { Problem, Unavailable } from "../../shared/contract/problem.ts";
import { backendNamed } from "../../shared/core/forecast/backend-name.ts";
import { fingerprintOf } from "../../shared/core/forecast/fingerprint.ts";
import type { Deps } from "../../shared/ports.ts";
import type { Forecasters, PickedResult } from "../../shared/ports/forecasters.ts";
import type { Progress, Refusal, Run } from "../../shared/ports/forecast-jobs.ts";
import type { OrgStore } from "../../shared/ports/store.ts";
import { knownAt } from "./known.ts";
import { CACHED_MS, resultOf, whyNotMade } from "./make.ts";

/** Series that a step forecasts at the most: a second of work, mostly, and one call to a remote backend, which may take fewer. */
const SERIES_A_STEP = 50;
/** Who holds a run for so long without renewing it has died; while a step goes on it is renewed each time that this has passed. */
const LEASE_MS = 60_000;
const RENEWED_MS = 15_000;
/** How often a step is tried that fails, or whose worker dies; and the first wait, which doubles. */
const MOST_ATTEMPTS = 5;
const FIRST_WAIT_MS = 30_000;

/**
 * Takes a run of a forecast job one step on: forecasts the next series, stores the forecasts with how far the run is, and asks for the next
 * step, in one batch. Does nothing where somebody else is at it or was faster; of several workers at once, one gets on.
 *
 * @throws what kept it from getting on, once that is written down and the run put off.
 */
export async function advanceRun(org: OrgId, { run: id, step }: EventData<"forecast-run.requested">, deps: Deps): Promise<void> {
  const { store, clock } = deps;
  const tenant = store.forOrg(org);
  const { forecastJobs } = tenant;
  const run = await forecastJobs.claim(id, step, { now: clock.now(), until: clock.now() + LEASE_MS });
  if (run === null) return;
  if (run.attempts > MOST_ATTEMPTS) {
    const last = run.error ?? "Whoever was at it did not come to an end.";
    await forecastJobs.postpone(run, `Given up after ${MOST_ATTEMPTS} attempts. ${last}`, null, clock.now());
    return;
  }
  const renewing = setInterval(() => {
    // One that cannot be renewed now may be the next time; where it is over by then, another one goes on.
    forecastJobs.hold(run, clock.now() + LEASE_MS).catch(() => {});
  }, RENEWED_MS);
  renewing.unref();
  try {
    await forecastJobs.advance(run, await forecastNext(tenant, run, deps), clock.now());
  } catch (error) {
    const now = clock.now();
    if (error instanceof Problem) {
      await forecastJobs.postpone(run, error.detail, null, now);
      return;
    }
    const words = error instanceof Unavailable ? error.message : "Something failed on our side.";
    const dueAt = run.attempts < MOST_ATTEMPTS ? now + FIRST_WAIT_MS * 2 ** (run.attempts - 1) : null;
    await forecastJobs.postpone(run, words, dueAt, now);
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** Forecasts the series that come next, those without anything new excepted: their last forecast still stands. */
async function forecastNext(tenant: OrgStore, run: Run, { clock, forecasters, newId }: Deps): Promise<Progress> {
  const { selector, backend, horizon, levels, frequency, bounds } = run.definition;
  const parameters = { backend, horizon, levels, frequencyMs: frequency, bounds };
  const picked = forecasters.pick(backend);
  const most = seriesAStep(backend, forecasters);
  const series = await tenant.series.select(selector, most, run.after);
  const cutoff = clock.now();

  const open = [];
  for (const { id } of series) {
    const known = await knownAt(tenant, { series: id, cutoff, frequencyMs: frequency });
    const fingerprint = fingerprintOf(known, parameters);
    if ((await tenant.forecasts.same(id, fingerprint, cutoff - CACHED_MS)) === null) open.push({ id, known, fingerprint });
  }
  const made = await picked.forecastMany(
    open.map(({ known }) => known),
    parameters,
  );
  const forecasts = open.flatMap(({ id, fingerprint }, place) => {
    const answer = made[place]!;
    if (!answer.ok) return [];
    const forecast = { id: newId<ForecastId>("fct"), series: id, cutoff, createdAt: cutoff, parameters };
    const result = resultOf(answer.value, cutoff);
    return [{ forecast, result, fingerprint: result.fallback === undefined ? fingerprint : null }];
  });
  const refusals = open.flatMap(({ id }, place) => refusalOf(id, made[place]!));
  return {
    forecasts,
    refusals,
    completed: series.length - refusals.length,
    after: series.at(-1)?.id ?? run.after,
    series: run.series ?? (await tenant.series.count(selector)),
    isLast: series.length < most,
  };
}

/** As many as one call takes of a backend that is asked for several at once: its calls take so long that two may be more than a function's time. */
function seriesAStep(backend: Backend, forecasters: Forecasters): number {
  const name = backendNamed(backend, forecasters.list());
  const { batch = 1 } = forecasters.list().find((one) => one.name === name) ?? {};
  return batch > 1 ? Math.min(SERIES_A_STEP, batch) : SERIES_A_STEP;
}

function refusalOf(series: Refusal["series"], result: PickedResult): Refusal[] {
  return result.ok ? [] : [{ series, reason: whyNotMade(result.error) }];
}
