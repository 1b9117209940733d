import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { InstanceChange } from "../../shared/core/alert/alert-record.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { MAX_INSTANCES } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";
import { evaluateAnomalyRule } from "./evaluate-anomaly.ts";
import { evaluateThresholdRule } from "./evaluate-threshold.ts";

const MOST_RACES = 5;
const ORGS_A_PAGE = 100;

/** Evaluates the threshold rules of an organisation of which an evaluation is due. */
export async function evaluateDue(org: OrgId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const last = await tenant.instances.lastEvaluations();
  for (const rule of await tenant.rules.enabled()) {
    if (rule.kind !== "threshold") continue;
    const due = dueEvaluations(last.get(rule.id) ?? null, deps.clock.now(), rule).length > 0;
    if (due) await commit(org, rule, (now) => evaluateThresholdRule(org, rule, now, deps), deps);
  }
}

/** Evaluates the anomaly rules that watch a series: something about its anomalies has changed. */
export async function evaluateSeries(org: OrgId, id: SeriesId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const series = await tenant.series.get(id);
  if (series === null) return;
  for (const rule of await tenant.rules.enabled()) {
    if (rule.kind !== "anomaly" || rule.selector.metricKey !== series.metricKey) continue;
    const matches = compileMatchers(rule.selector.matchers);
    if (!matches.ok || !matches.value(series.dimensions)) continue;
    await commit(org, rule, (now) => evaluateAnomalyRule(org, rule, [series], now, deps), deps);
  }
}

/** What the minute's tick does: threshold rules that are due, and anomaly rules whose series may have gone silent while they fire. */
export async function evaluateAll(deps: Deps): Promise<void> {
  const { alerting } = deps.store.platform;
  for (let after = ""; ;) {
    const orgs = await alerting.orgsWithRules(after, ORGS_A_PAGE);
    for (const org of orgs) {
      await evaluateDue(org, deps);
      await evaluateSilent(org, deps);
    }
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

async function evaluateSilent(org: OrgId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  for (const rule of await tenant.rules.enabled()) {
    if (rule.kind !== "anomaly") continue;
    const active = (await tenant.instances.ofRule(rule.id)).filter(({ state }) => state.state !== "inactive");
    if (active.length === 0) continue;
    const series = await tenant.series.getMany(active.map(({ series: id }) => id));
    await commit(org, rule, (now) => evaluateAnomalyRule(org, rule, series, now, deps), deps);
  }
}

/** Evaluates and writes; who loses a race against another worker evaluates again, upon what that one wrote. */
async function commit(org: OrgId, rule: Rule, evaluate: (now: number) => Promise<InstanceChange[]>, deps: Deps): Promise<void> {
  const { instances, rules } = deps.store.forOrg(org);
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const changes = (await evaluate(now)).slice(0, MAX_INSTANCES);
    if (changes.length === 0 || (await instances.commit({ rule, changes, at: now }))) return;
    const present = await rules.get(rule.id);
    if (present === null || present.version !== rule.version || !present.enabled) return;
  }
  throw new Unavailable("The rule is being evaluated elsewhere", { retryable: true });
}
