import type { Rule } from "../../contract/rule.ts";
import { firstAtOrAfter } from "../series/merge.ts";
import type { Window } from "./threshold.ts";
import { heldSeverity, thresholdWindow } from "./threshold.ts";
import { evaluate, NOTHING_KNOWN } from "./evaluate.ts";
import { forecastChangesAt } from "./forecast-breach.ts";
import type { KnownForecast } from "./forecast-breach.ts";
import { missingAfter } from "./missing-data.ts";
import type { Evaluation, Instance } from "./step.ts";

/** A rule that looks at what is known of a series at every multiple of its interval. */
export type SampledRule = Extract<Rule, { kind: "threshold" | "rate-of-change" | "missing-data" | "forecast" }>;

export const isSampled = (rule: Rule | undefined): rule is SampledRule =>
  rule !== undefined && rule.kind !== "anomaly" && rule.kind !== "composite";

/** The points of a series under a rule, and what is known beside them. Times in Unix ms, durations in ms. */
export interface SampledSeries extends Window {
  /** The series' learned time between points; null until there is one. */
  readonly cadence: number | null;
  /** The newest point before the columns; null where there is none, or where the columns reach back before the first evaluation. */
  readonly before: number | null;
  /** Since when a missing-data rule requires the series; null where it does not. */
  readonly requiredSince: number | null;
  /** By cutoff, ascending; of another rule than one over forecasts none. */
  readonly forecasts: readonly KnownForecast[];
}

/** What one evaluation looks at beside the points. */
export interface Moment {
  /** Evaluation time, Unix ms. */
  readonly at: number;
  readonly instance: Instance;
  /** The newest point at or before `at`, Unix ms; null where the series was never seen. */
  readonly lastPointAt: number | null;
  /** The aggregate of a threshold's window, where whoever asks has it at hand. */
  readonly aggregated?: number | null;
}

/** How far back an evaluation looks, ms. */
export function sampledWindow(rule: SampledRule, cadence: number | null): number {
  if (rule.kind === "threshold") return thresholdWindow(rule.condition, rule.interval, cadence);
  return rule.kind === "rate-of-change" ? rule.condition.window : 1;
}

/** Looks at the points once. */
export function evaluateSampled(rule: SampledRule, series: SampledSeries, { instance, ...moment }: Moment): Evaluation {
  const { cadence, requiredSince, forecasts } = series;
  const previous = heldSeverity(instance);
  return evaluate(rule, moment.at, { ...NOTHING_KNOWN, ...moment, points: series, previous, cadence, requiredSince, forecasts });
}

/**
 * The time from which on another evaluation may say something else than the one just made, if no point comes in until then: what is in
 * the window changes, or a point is due. Not a multiple of the interval.
 */
export function changesAt(rule: SampledRule, series: SampledSeries, outcome: Evaluation["outcome"], { at, lastPointAt }: Moment): number {
  const { timestamps, cadence } = series;
  if (rule.kind === "missing-data") return missedFrom(rule, series, outcome, lastPointAt);
  if (rule.kind === "forecast") return forecastChangesAt(rule.condition, series.forecasts, at);
  if (outcome === "missed") return Infinity;
  const window = sampledWindow(rule, cadence);
  if (outcome === "not_due") {
    if (lastPointAt === null || cadence === null) return Infinity;
    return Math.min(lastPointAt + (Math.floor((at - lastPointAt) / cadence) + 1) * cadence, lastPointAt + window);
  }
  // Of a newest value nothing changes before it leaves the window; of anything else the oldest point may.
  if (rule.kind === "threshold" && rule.condition.aggregate === "last") return lastPointAt! + window;
  const oldest = timestamps[firstAtOrAfter(timestamps, at - window + 1)];
  return (oldest ?? lastPointAt!) + window;
}

/** When silence becomes missing data: right after it has lasted as long as it may. */
function missedFrom(
  { condition, interval }: Extract<SampledRule, { kind: "missing-data" }>,
  { cadence, requiredSince }: SampledSeries,
  outcome: Evaluation["outcome"],
  lastPointAt: number | null,
): number {
  const since = lastPointAt ?? requiredSince;
  const longest = missingAfter(condition, cadence ?? (lastPointAt === null ? interval : null));
  return outcome !== "false" || since === null || longest === null ? Infinity : since + longest + 1;
}
