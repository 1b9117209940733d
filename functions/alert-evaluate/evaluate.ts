import type { OrgId, SeriesId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import type { Rule, SelectingRule } from "../../shared/contract/rule.ts";
import type { InstanceChange, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { dueEvaluations } from "../../shared/core/alert/schedule.ts";
import { each } from "../../shared/core/each.ts";
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
  await each(await tenant.rules.enabled(), "evaluations", async (rule) => {
    if (rule.kind !== "threshold") return;
    const due = dueEvaluations(last.get(rule.id) ?? null, deps.clock.now(), rule).length > 0;
    if (due) await commit(org, rule, thresholds(org, deps), deps);
  });
}

/** Evaluates the anomaly rules that watch a series: something about its anomalies has changed. */
export async function evaluateSeries(org: OrgId, id: SeriesId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  const series = await tenant.series.get(id);
  if (series === null) return;
  await each(await tenant.rules.enabled(), "evaluations", (rule) => commit(org, rule, anomalies(org, [series], deps), deps));
}

/** What the minute's tick does: threshold rules that are due, and anomaly rules that wait or whose series may have gone silent. */
export async function evaluateAll(deps: Deps): Promise<void> {
  await each(orgsWithRules(deps), "evaluations", (org) =>
    each([evaluateDue, evaluateActive], "evaluations", (evaluate) => evaluate(org, deps)),
  );
}

async function* orgsWithRules({ store }: Deps): AsyncGenerator<OrgId> {
  for (let after = ""; ;) {
    const orgs = await store.platform.alerting.orgsWithRules(after, ORGS_A_PAGE);
    yield* orgs;
    if (orgs.length < ORGS_A_PAGE) return;
    after = orgs.at(-1)!;
  }
}

/** Evaluates the anomaly rules that are pending, firing or recovering somewhere. */
async function evaluateActive(org: OrgId, deps: Deps): Promise<void> {
  const tenant = deps.store.forOrg(org);
  await each(await tenant.rules.enabled(), "evaluations", async (rule) => {
    if (rule.kind !== "anomaly") return;
    const active = (await tenant.instances.ofRule(rule.id)).filter(({ state }) => state.state !== "inactive");
    const series = active.map(({ of }) => of);
    await commit(org, rule, anomalies(org, series, deps), deps);
  });
}

/** Evaluates a rule as it is, which may be another one than when the work on it began. */
type Evaluate = (rule: Rule, now: number) => Promise<readonly InstanceChange[]>;

const thresholds =
  (org: OrgId, deps: Deps): Evaluate =>
  async (rule, now) =>
    rule.kind === "threshold" ? evaluateThresholdRule(org, rule, now, deps) : [];

const anomalies =
  (org: OrgId, series: readonly WatchedSeries[], deps: Deps): Evaluate =>
  async (rule, now) =>
    rule.kind === "anomaly" ? evaluateAnomalyRule(org, rule, watchedBy(rule, series), now, deps) : [];

function watchedBy({ selector }: SelectingRule, series: readonly WatchedSeries[]): readonly WatchedSeries[] {
  const ofMetric = series.filter(({ metricKey }) => metricKey === selector.metricKey);
  if (ofMetric.length === 0) return [];
  const compiled = compileMatchers(selector.matchers);
  if (!compiled.ok) throw new Error(`A stored rule has a bad pattern: ${compiled.error.message}`);
  return ofMetric.filter(({ dimensions }) => compiled.value(dimensions));
}

/** Evaluates and writes; who loses a race evaluates again, upon what the other one wrote: another worker, or a person who changed the rule. */
async function commit(org: OrgId, loaded: Rule, evaluate: Evaluate, deps: Deps): Promise<void> {
  const { instances, rules } = deps.store.forOrg(org);
  let rule = loaded;
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const changes = await withRoom(await evaluate(rule, now), async () => (await instances.ofRule(rule.id)).length);
    if (changes.length === 0 || (await instances.commit({ rule, changes, at: now }))) return;
    const present = await rules.get(rule.id);
    if (present === null || !present.enabled) return;
    rule = present;
  }
  throw new Unavailable("The rule is being evaluated elsewhere", { retryable: true });
}

/** The changes without those new instances that would be more than a rule may have: the stored ones go on. */
async function withRoom(changes: readonly InstanceChange[], countStored: () => Promise<number>): Promise<readonly InstanceChange[]> {
  const isNew = ({ instance }: InstanceChange) => instance.version === 0;
  if (!changes.some(isNew)) return changes;
  const room = Math.max(0, MAX_INSTANCES - (await countStored()));
  return [...changes.filter((change) => !isNew(change)), ...changes.filter(isNew).slice(0, room)];
}
