import type { Rule } from "../../contract/rule.ts";
import { calmAt } from "./flapping.ts";
import { endEpisode, newInstance, REARM_MS, step } from "./step.ts";
import type { Evaluation, Instance, Transition } from "./step.ts";
import { evaluateThreshold, heldSeverity, thresholdWindow } from "./threshold.ts";
import type { Window } from "./threshold.ts";

export type ThresholdRule = Extract<Rule, { kind: "threshold" }>;
export type AnomalyRule = Extract<Rule, { kind: "anomaly" }>;

/** An instance after several evaluations, with what each of them changed, oldest first. */
export interface Advanced {
  readonly after: Instance;
  readonly transitions: readonly Transition[];
}

/** What a threshold rule knows of a series beside its points. */
export interface KnownSeries {
  /** The series' learned time between points, ms; null until there is one. */
  readonly cadence: number | null;
  /** The newest point before the columns, Unix ms; null where there is none, or where the columns reach back before the first evaluation. */
  readonly before: number | null;
}

/** A series that is silent for so long has expired: its instance ends, and it is not said to have recovered. */
const EXPIRES_MS = 86_400_000;

/**
 * Runs the evaluations of a threshold rule over one series.
 *
 * @param instance - The instance before them; a new one where it is not watched yet.
 * @param points - Reaching over the windows of all evaluations; ascending.
 * @param times - Evaluation times, Unix ms, ascending.
 * @returns `isWatched`: false where the series has expired by the last of them.
 */
export function advanceThreshold(
  rule: ThresholdRule,
  { instance, isWatched: wasWatched }: { readonly instance: Instance; readonly isWatched: boolean },
  points: Window,
  times: readonly number[],
  { cadence, before }: KnownSeries,
): Advanced & { readonly isWatched: boolean } {
  const { interval, severity, condition } = rule;
  const expiresAfter = Math.max(EXPIRES_MS, thresholdWindow(condition, interval, cadence));
  const transitions: Transition[] = [];
  let after = instance;
  let isWatched = wasWatched;
  for (const at of times) {
    const lastPointAt = newestAt(points, at) ?? before;
    if (lastPointAt === null || at - lastPointAt >= expiresAfter) {
      after = note(endEpisode(after, at, "expired"));
      isWatched = false;
      continue;
    }
    // A series that comes back after it has expired begins anew.
    const present = isWatched ? after : newInstance(instance.id, severity);
    const context = { at, severity, previous: heldSeverity(present), interval, cadence, lastPointAt };
    after = note(step(present, rule, evaluateThreshold(condition, points, context)));
    isWatched = true;
  }
  return { after, transitions, isWatched };

  function note(next: { readonly instance: Instance; readonly transitions: readonly Transition[] }): Instance {
    transitions.push(...next.transitions);
    return next.instance;
  }
}

/** The newest timestamp at or before a time; undefined where there is none. */
function newestAt({ timestamps }: Window, at: number): number | undefined {
  return timestamps.findLast((timestamp) => timestamp <= at);
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
