import type { Rule } from "../../contract/rule.ts";
import { firstAtOrAfter } from "../series/merge.ts";
import type { Evaluation, Instance } from "./step.ts";
import { evaluateThreshold, heldSeverity, thresholdWindow } from "./threshold.ts";
import type { Window } from "./threshold.ts";

/** A rule that looks at the points of a series at every multiple of its interval. */
export type SampledRule = Extract<Rule, { kind: "threshold" }>;

/** The points of a series under a rule, beside which its cadence is known. Times in Unix ms, durations in ms. */
export interface SampledSeries extends Window {
  /** The series' learned time between points; null until there is one. */
  readonly cadence: number | null;
  /** The newest point before the columns; null where there is none, or where the columns reach back before the first evaluation. */
  readonly before: number | null;
}

/** What one evaluation looks at beside the points. */
export interface Moment {
  /** Evaluation time, Unix ms. */
  readonly at: number;
  readonly instance: Instance;
  /** The newest point at or before `at`, Unix ms. */
  readonly lastPointAt: number;
}

/** How far back an evaluation looks, ms. */
export const sampledWindow = ({ condition, interval }: SampledRule, cadence: number | null): number =>
  thresholdWindow(condition, interval, cadence);

/** Looks at the points once. */
export function evaluateSampled(rule: SampledRule, series: SampledSeries, { at, instance, lastPointAt }: Moment): Evaluation {
  const { condition, severity, interval } = rule;
  return evaluateThreshold(condition, series, {
    at,
    severity,
    previous: heldSeverity(instance),
    interval,
    cadence: series.cadence,
    lastPointAt,
  });
}

/**
 * The time from which on another evaluation may say something else than the one just made, if no point comes in until then: what is in
 * the window changes, or a point is due. Not a multiple of the interval.
 */
export function changesAt(rule: SampledRule, series: SampledSeries, outcome: Evaluation["outcome"], { at, lastPointAt }: Moment): number {
  const window = sampledWindow(rule, series.cadence);
  const { timestamps } = series;
  if (outcome === "missed") return Infinity;
  if (outcome === "not_due") {
    const cadence = series.cadence!;
    return lastPointAt + (Math.floor((at - lastPointAt) / cadence) + 1) * cadence;
  }
  // Of a newest value nothing changes before it leaves the window; of any other aggregate the oldest point may.
  if (rule.condition.aggregate === "last") return lastPointAt + window;
  const oldest = timestamps[firstAtOrAfter(timestamps, at - window + 1)];
  return (oldest ?? lastPointAt) + window;
}
