import type { ForecastId, OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { AnomalyRule } from "../../shared/core/alert/advance.ts";
import type { WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { each } from "../../shared/core/each.ts";
import type { Deps } from "../../shared/ports.ts";
import { evaluateAnomalyRule } from "./evaluate-anomaly.ts";
import { evaluateComposites } from "./evaluate-composites.ts";
import { noteError, tellErrors } from "./health.ts";
import type { RuleErrors } from "./health.ts";
import { evaluatePass, indexOf } from "./pass.ts";
import { withinRoom } from "./room.ts";

const MOST_RACES = 5;
const ORGS_A_PAGE = 100;
/** Longer than a pass: who still holds it after that has died. */
const LEASE_MS = 30_000;
/** About half of the function's time-out: what is left then is another event's. */
const AT_IT_MS = 150_000;

/**
 * Evaluates everything of an organisation that has changed or is due, in passes. The lease spares two workers the same work; that only one
 * of them can commit, the store sees to.
 *
 * @param seq - What of the write log is to be looked at, at least; null on a tick, which comes again.
 * @throws Unavailable when that is not yet done: the event is to come again.
 */
export async function evaluateOrg(org: OrgId, seq: number | null, deps: Deps): Promise<void> {
  const { store, clock, newId } = deps;
  const tenant = store.forOrg(org);
  const rules = await tenant.rules.enabled();
  if (rules.length === 0) {
    const from = await tenant.cursor("alert-evaluate");
    if (seq === null || seq <= from) return;
    await tenant.instances.commitPass({ evaluations: [], cursor: { from, to: seq }, seen: [], at: clock.now() });
    return;
  }
  const { leases } = store.platform;
  const [lease, owner] = [`alert-evaluate:${org}`, newId<string>("evt")];
  const until = clock.now() + AT_IT_MS;
  let lost = 0;
  let outcome: "done" | "held" | "out of time" = "held";
  try {
    for (;;) {
      const now = clock.now();
      outcome = "out of time";
      if (now >= until) break;
      outcome = "held";
      if (!(await leases.acquire(lease, owner, now + LEASE_MS, now))) break;
      const made = await evaluatePass(org, deps, now);
      outcome = "done";
      if (made === "nothing") break;
      lost = made === "lost" ? lost + 1 : 0;
      if (lost >= MOST_RACES) throw new Unavailable("Evaluation keeps losing against others", { retryable: true });
    }
    if (outcome === "done") await evaluateComposites(org, rules, tenant, clock.now(), deps);
  } finally {
    await leases.release(lease, owner);
  }
  if (outcome !== "done" && seq !== null && (await tenant.cursor("alert-evaluate")) < seq) {
    throw new Unavailable(outcome === "held" ? "Another worker evaluates this organisation" : "There is more to evaluate", {
      retryable: true,
    });
  }
}

/** Evaluates the anomaly rules that watch a series: something about its anomalies has changed. */
export async function evaluateSeries(org: OrgId, id: SeriesId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const series = await tenant.series.get(id);
  if (series === null) return;
  const rules = indexOf(await tenant.rules.enabled()).selecting(series);
  await each(rules.filter(isAnomalyRule), "evaluations", async (rule) => {
    try {
      await commit(org, rule, [series], deps);
    } catch (error) {
      const errors: RuleErrors = new Map();
      noteError(errors, rule, error);
      await tellErrors(errors, tenant, deps, deps.clock.now());
      // The event is to come again: what it tells of is told nowhere else.
      throw error;
    }
  });
}

/** Has the rules over forecasts look at those that were made: at once, where an evaluation is due, and else at the next one. */
export async function evaluateForecasted(org: OrgId, forecasts: readonly ForecastId[], deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const index = indexOf(await tenant.rules.enabled());
  const seen = new Set<SeriesId>();
  for (const id of forecasts) {
    const forecast = await tenant.forecasts.get(id);
    const series = forecast?.series === undefined ? null : await tenant.series.get(forecast.series);
    if (series === null || seen.has(series.id)) continue;
    seen.add(series.id);
    const rules = index.selecting(series).filter(({ kind }) => kind === "forecast");
    const woken = rules.map(({ id: rule }) => rule);
    if (woken.length > 0) await tenant.instances.wake(woken, series.id, deps.clock.now());
  }
  if (seen.size > 0) await evaluateOrg(org, null, deps);
}

/** What the minute's tick does: evaluates what is due, organisation by organisation. */
export async function evaluateAll(deps: Deps): Promise<void> {
  await each(orgsWithRules(deps), "evaluations", (org) => evaluateOrg(org, null, deps));
}

async function* orgsWithRules({ store }: Deps): AsyncGenerator<OrgId> {
  for (let after = ""; ;) {
    const orgs = await store.platform.alerting.orgsWithRules(after, ORGS_A_PAGE);
    yield* orgs;
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

const isAnomalyRule = (rule: Rule): rule is AnomalyRule => rule.kind === "anomaly";

/**
 * Evaluates an anomaly rule and writes; who loses a race evaluates again, upon what the other one wrote: another worker, or a person who
 * changed the rule.
 */
async function commit(org: OrgId, loaded: AnomalyRule, series: readonly WatchedSeries[], deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const { instances, rules } = tenant;
  let rule = loaded;
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const watched = indexOf([rule]);
    const own = series.filter((one) => watched.selecting(one).length > 0);
    const found = (await evaluateAnomalyRule(rule, own, now, tenant)).map((change) => ({ rule, change }));
    const changes = (await withinRoom(found, [], tenant, now)).map(({ change }) => change);
    if (changes.length === 0 || (await instances.commit({ rule, changes, at: now }))) return;
    const present = await rules.get(rule.id);
    if (present?.kind !== "anomaly" || !present.enabled) return;
    rule = present;
  }
  throw new Unavailable("The rule is being evaluated elsewhere", { retryable: true });
}
