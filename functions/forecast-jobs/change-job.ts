import type { ForecastJob, ForecastJobDefinition } from "../../shared/contract/forecast-job.ts";
import type { ForecastJobId } from "../../shared/contract/ids.ts";
import { invalid, notFound } from "../../shared/contract/problem.ts";
import { nextRun } from "../../shared/core/cron.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { ForecastJobsStore, Job } from "../../shared/ports/forecast-jobs.ts";
import type { Forecasters } from "../../shared/ports/forecasters.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { readJobAnswer } from "./job-answer.ts";

/**
 * When a job runs next; null while it is not enabled.
 *
 * @throws Problem validation-failed for a schedule that is none or a pattern that RE2 does not take; backend-unavailable.
 */
export function scheduledNext(
  { selector, schedule, timezone, backend, enabled }: ForecastJobDefinition,
  forecasters: Forecasters,
  now: number,
): number | null {
  const compiled = compileMatchers(selector.matchers);
  if (!compiled.ok) throw invalid([{ path: `selector.matchers[${compiled.error.index}].value`, message: compiled.error.message }]);
  const next = nextRun(schedule, timezone, now);
  if (!next.ok) throw invalid([{ path: "schedule", message: next.error }]);
  forecasters.pick(backend);
  return enabled ? next.value : null;
}

/**
 * Gives a job another definition; the same definition again changes nothing. A run that is at work ends as it began.
 * @throws Problem not-found, precondition-failed, validation-failed, backend-unavailable, conflict.
 */
export async function changeJob(
  id: ForecastJobId,
  edit: (present: ForecastJobDefinition) => ForecastJobDefinition,
  { store, forecasters, now }: { readonly store: ForecastJobsStore; readonly forecasters: Forecasters; readonly now: number },
  { requireMatch }: Pick<TenantContext, "requireMatch">,
): Promise<ForecastJob> {
  return untilWon("The job is", async () => {
    const before = await store.get(id);
    if (before === null) throw notFound();
    requireMatch(await readJobAnswer(before, store));

    const definition = edit(before.definition);
    const nextRunAt = scheduledNext(definition, forecasters, now);
    if (canonicalJson(definition) === canonicalJson(before.definition)) return readJobAnswer(before, store);

    const after: Job = { ...before, version: before.version + 1, definition, nextRunAt, updatedAt: now };
    return (await store.replace(after)) ? readJobAnswer(after, store) : null;
  });
}
