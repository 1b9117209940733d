import type { OrgId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import type { Series } from "../../shared/contract/series.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange } from "../../shared/core/alert/alert-record.ts";
import { evaluateAnomalies } from "../../shared/core/alert/anomaly.ts";
import { step } from "../../shared/core/alert/step.ts";
import type { Transition } from "../../shared/core/alert/step.ts";
import type { Deps } from "../../shared/ports.ts";
import { instancesOf } from "./instances.ts";

export type AnomalyRule = Extract<Rule, { kind: "anomaly" }>;

/** What the anomalies of some series change in a rule, since it last looked at them. */
export async function evaluateAnomalyRule(
  org: OrgId,
  rule: AnomalyRule,
  series: readonly Series[],
  now: number,
  { store }: Deps,
): Promise<InstanceChange[]> {
  if (series.length === 0) return [];
  const tenant = store.forOrg(org);
  const watched = await instancesOf(tenant, rule, series);
  // A rule looks at what happens from its own beginning on: it does not fire for what was over before.
  const since = (lastEvaluatedAt: number | null) => lastEvaluatedAt ?? rule.updatedAt;
  const after = watched.reduce((least, { instance }) => Math.min(least, since(instance.state.lastEvaluatedAt)), Infinity);
  const ids = series.map(({ id }) => id);
  const [anomalies, scored] = [await tenant.anomalies.forSeries(ids, { after }), await tenant.detection.lastScored(ids)];

  const changes: InstanceChange[] = [];
  for (const { series: own, instance } of watched) {
    const found = anomalies.filter(({ series: of }) => of === own.id);
    const known = scored.get(own.id);
    const evaluations = evaluateAnomalies(rule.condition, found, {
      now,
      lastPointAt: known?.scoredTo ?? null,
      cadence: known?.cadenceMs ?? null,
      interval: rule.interval,
      severity: rule.severity,
      lastEvaluatedAt: since(instance.state.lastEvaluatedAt),
    });
    if (evaluations.length === 0) continue;
    let state = instance.state;
    const transitions: Transition[] = [];
    for (const evaluation of evaluations) {
      const next = step(state, rule, evaluation);
      state = next.instance;
      transitions.push(...next.transitions);
    }
    changes.push(instanceChange(instance, { after: state, transitions }, rule, own));
  }
  return changes;
}
