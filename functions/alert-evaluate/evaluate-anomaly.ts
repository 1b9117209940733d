import type { OrgId } from "../../shared/contract/ids.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { instanceChange } from "../../shared/core/alert/alert-record.ts";
import type { InstanceChange, InstanceRecord, WatchedSeries } from "../../shared/core/alert/alert-record.ts";
import { evaluateAnomalies } from "../../shared/core/alert/anomaly.ts";
import { REARM_MS, step } from "../../shared/core/alert/step.ts";
import type { Evaluation, Instance, Transition } from "../../shared/core/alert/step.ts";
import type { Deps } from "../../shared/ports.ts";
import { instancesOf } from "./instances.ts";

export type AnomalyRule = Extract<Rule, { kind: "anomaly" }>;

/** What the anomalies of some series change in a rule, since it last looked at them. */
export async function evaluateAnomalyRule(
  org: OrgId,
  rule: AnomalyRule,
  series: readonly WatchedSeries[],
  now: number,
  { store }: Deps,
): Promise<InstanceChange[]> {
  if (series.length === 0) return [];
  const tenant = store.forOrg(org);
  const watched = await instancesOf(tenant, rule, series);
  // A rule looks at what happens from its own beginning on: it does not fire for what was over before.
  const since = ({ state }: InstanceRecord) => state.lastEvaluatedAt ?? rule.updatedAt;
  const after = watched.reduce((least, { instance }) => Math.min(least, since(instance)), Infinity);
  const ids = series.map(({ id }) => id);
  const [anomalies, scored] = [await tenant.anomalies.forSeries(ids, { after }), await tenant.detection.lastScored(ids)];

  const changes: InstanceChange[] = [];
  for (const { series: own, instance } of watched) {
    const found = anomalies.filter(({ series: of }) => of === own.id);
    const known = scored.get(own.id);
    const timeline = evaluateAnomalies(rule.condition, found, {
      now,
      lastPointAt: known?.scoredTo ?? null,
      cadence: known?.cadenceMs ?? null,
      interval: rule.interval,
      severity: rule.severity,
      lastEvaluatedAt: null,
    });
    const advanced = advance(rule, instance.state, timeline, { since: since(instance), now });
    const isNews = instance.version === 0 ? advanced.transitions.length > 0 : advanced.after !== instance.state;
    if (isNews) changes.push(instanceChange(instance, advanced, rule, own));
  }
  return changes;
}

/**
 * Runs the evaluations after `since`, and those at which the instance's patience ends: the condition holds, or does not, also while
 * nothing new is heard of the series.
 *
 * @param timeline - Ascending: when the condition became true or false.
 */
function advance(
  rule: AnomalyRule,
  before: Instance,
  timeline: readonly Evaluation[],
  { since, now }: { readonly since: number; readonly now: number },
): { after: Instance; transitions: readonly Transition[] } {
  let after = before;
  const transitions: Transition[] = [];
  const run = (evaluation: Evaluation): void => {
    const next = step(after, rule, evaluation);
    after = next.instance;
    transitions.push(...next.transitions);
  };
  const runOutOfPatience = (until: number): void => {
    const at = patienceEnds(after, rule);
    if (at === null || at > until) return;
    const holds = timeline.findLast((evaluation) => evaluation.at <= at);
    run(holds?.outcome === "true" ? { ...holds, at } : { at, outcome: "false" });
  };
  // Points come late by as much as the rule waits for them.
  const settled = now - rule.evalDelay;
  for (const evaluation of timeline) {
    if (evaluation.at <= since) continue;
    runOutOfPatience(Math.min(settled, evaluation.at - 1));
    run(evaluation);
  }
  runOutOfPatience(settled);
  return { after, transitions };
}

/** When an instance that waits has waited long enough, Unix ms; null where it does not wait. */
function patienceEnds({ state, activeAt, rearmed, recoveringSince, lastEvaluatedAt }: Instance, rule: AnomalyRule): number | null {
  const next = (lastEvaluatedAt ?? 0) + 1;
  if (state === "recovering" && recoveringSince !== null) return Math.max(next, recoveringSince + rule.keepFiringFor);
  if (state === "pending" && activeAt !== null) return Math.max(next, activeAt + (rearmed ? Math.max(rule.for, REARM_MS) : rule.for));
  return null;
}
