import type { Rule } from "../../contract/rule.ts";
import { calmAt } from "./flapping.ts";
import { REARM_MS, step } from "./step.ts";
import type { Evaluation, Instance, Transition } from "./step.ts";

export type AnomalyRule = Extract<Rule, { kind: "anomaly" }>;

/** An instance after several evaluations, with what each of them changed, oldest first. */
interface Advanced {
  readonly after: Instance;
  readonly transitions: readonly Transition[];
}

/**
 * Runs those evaluations of an anomaly rule that come after `since`, and those at which the instance's patience ends or it has been calm for
 * long enough: the condition holds, or does not, also while nothing new is heard of the series.
 *
 * @param timeline - Ascending: when the condition became true or false.
 */
export function advanceAnomalies(
  rule: AnomalyRule,
  before: Instance,
  timeline: readonly Evaluation[],
  { since, now }: { readonly since: number; readonly now: number },
): Advanced {
  let after = before;
  const transitions: Transition[] = [];
  const run = (evaluation: Evaluation): void => {
    const next = step(after, rule, evaluation);
    after = next.instance;
    transitions.push(...next.transitions);
  };
  const runOutOfPatience = (until: number): void => {
    for (let at = patienceEnds(after, rule); at <= until; at = patienceEnds(after, rule)) {
      const holds = timeline.findLast((evaluation) => evaluation.at <= at);
      run(holds?.outcome === "true" ? { ...holds, at } : { at, outcome: "false" });
    }
  };
  // Points come late by as much as the rule waits for them.
  const settled = now - rule.evalDelay;
  for (const evaluation of timeline) {
    if (evaluation.at <= since) continue;
    runOutOfPatience(Math.min(settled, evaluation.at - 1));
    run(evaluation);
  }
  // An end that was known too late: the instance's patience had been waited for, and the anomaly was taken to go on.
  const newest = timeline.at(-1);
  const isOverdue = newest !== undefined && newest.at <= since && newest.outcome === "false";
  if (isOverdue && (after.state === "firing" || after.state === "pending")) run({ ...newest, at: (after.lastEvaluatedAt ?? since) + 1 });
  runOutOfPatience(settled);
  return { after, transitions };
}

/** When an instance that waits has waited long enough, Unix ms; Infinity where it does not wait. */
function patienceEnds(instance: Instance, rule: AnomalyRule): number {
  const { state, activeAt, rearmed, recoveringSince, lastEvaluatedAt } = instance;
  const ends = [calmAt(instance, rule) ?? Infinity];
  if (state === "recovering" && recoveringSince !== null) ends.push(recoveringSince + rule.keepFiringFor);
  if (state === "pending" && activeAt !== null) ends.push(activeAt + (rearmed ? Math.max(rule.for, REARM_MS) : rule.for));
  return Math.max((lastEvaluatedAt ?? 0) + 1, Math.min(...ends));
}
