import type { Operator, Severity, ThresholdCondition } from "../../contract/rule.ts";
import { aggregateValues } from "../series/aggregate.ts";
import { within } from "../series/merge.ts";
import { levelOf } from "./level.ts";
import type { Evaluation, Instance } from "./step.ts";

/** Columns of one series, ascending, no timestamp twice. They may reach further than the window on both sides. */
export interface Window {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** What is known beside the points. Times in Unix ms, durations in ms. */
export interface ThresholdContext {
  /** Evaluation time. */
  readonly at: number;
  /** The rule's severity; the condition's `critical` level is critical whatever this is. */
  readonly severity: Severity;
  /** The severity at which the instance is firing by value, or null: what hysteresis holds on to. See heldSeverity(). */
  readonly previous: Severity | null;
  /** The rule's evaluation interval. */
  readonly interval: number;
  /** The series' learned time between points; null until there is one. */
  readonly cadence: number | null;
  /** The newest point at or before `at`, where the columns may not reach back to it; null when none is known. */
  readonly lastPointAt: number | null;
  /**
   * The aggregate of the window's values, as aggregateValues() would give it, where whoever asks has it at hand: see slidingAggregate().
   */
  readonly aggregated?: number | null;
}

/** The window of a condition in ms: its own, or the longer of one interval and one and a half cadences. */
export function thresholdWindow({ window }: ThresholdCondition, interval: number, cadence: number | null): number {
  return window ?? Math.max(interval, Math.ceil(1.5 * (cadence ?? 0)));
}

/**
 * Compares the aggregate of the window (at - window, at] with the condition's levels.
 * The recovery value holds a level only while the instance fires at it. A value that is not finite is never true.
 *
 * @returns `missed` for an empty window in which a point was due, `not_due` for one in which none was.
 */
export function evaluateThreshold(condition: ThresholdCondition, points: Window, context: ThresholdContext): Evaluation {
  const { at, interval, cadence } = context;
  const window = thresholdWindow(condition, interval, cadence);
  const { timestamps, values } = within(points, at - window + 1, at + 1);
  if (values.length === 0) return { at, outcome: isPointDue(points, window, context) ? "missed" : "not_due" };

  const value = context.aggregated ?? aggregateValues(values, condition.aggregate);
  if (!Number.isFinite(value)) return { at, outcome: "false", value: null };
  const level = levelOf(condition, context, value);
  if (level === null) return { at, outcome: "false", value };
  const { severity, threshold, recover } = level;
  const { operator, aggregate } = condition;
  const evidence: ThresholdEvidence = {
    kind: "threshold",
    aggregate,
    window,
    operator,
    threshold,
    recover: recover ?? null,
    value,
    points: values.length,
    lastPointAt: timestamps.at(-1)!,
  };
  return { at, outcome: "true", severity, value, evidence: { ...evidence } };
}

/** The evidence of a threshold alert: what was compared with what. `window` in ms, `lastPointAt` in Unix ms. */
export interface ThresholdEvidence {
  readonly kind: "threshold";
  readonly aggregate: ThresholdCondition["aggregate"];
  readonly window: number;
  readonly operator: Operator;
  readonly threshold: number;
  readonly recover: number | null;
  readonly value: number;
  readonly points: number;
  readonly lastPointAt: number;
}

/** The severity that hysteresis may hold: that of an instance that fires on a value. */
export function heldSeverity({ state, episode }: Instance): Severity | null {
  return state === "firing" && episode !== null && episode.value !== null ? episode.severity : null;
}

/** Whether a point should lie in the window: one is due each cadence after the newest, or each interval until a cadence is learned. */
export function isPointDue(
  points: Window,
  window: number,
  { at, cadence, lastPointAt }: Pick<ThresholdContext, "at" | "cadence" | "lastPointAt">,
): boolean {
  if (cadence === null || window >= cadence) return true;
  const before = within(points, -Infinity, at + 1).timestamps.at(-1) ?? lastPointAt;
  if (before === null) return false;
  const sincePoint = at - before;
  return sincePoint >= cadence && sincePoint % cadence < window;
}
