import type { Operator, RateDirection, RateOfChangeCondition, RateUnit, Severity } from "../../contract/rule.ts";
import { within } from "../series/merge.ts";
import { levelOf } from "./level.ts";
import type { Evaluation } from "./step.ts";
import { isPointDue } from "./threshold.ts";
import type { Window } from "./threshold.ts";

/** What is known beside the points, as of a threshold. Times in Unix ms, durations in ms. */
export interface RateContext {
  readonly at: number;
  readonly severity: Severity;
  /** The severity at which the instance is firing by value, or null: what hysteresis holds on to. */
  readonly previous: Severity | null;
  readonly cadence: number | null;
  readonly lastPointAt: number | null;
}

const UNIT_MS: Readonly<Record<RateUnit, number>> = { per_second: 1_000, per_minute: 60_000, per_hour: 3_600_000, per_day: 86_400_000 };
const DIRECTED: Readonly<Record<RateDirection, (rate: number) => number>> = {
  increase: (rate) => rate,
  decrease: (rate) => -rate,
  either: Math.abs,
};

/**
 * Compares the rate of the window (at - window, at] with the condition's levels: last less first value, by the time that truly lies
 * between the two points, whatever their spacing. Of a counter that began anew, what it had counted before each restart is added.
 * Values, recovery and critical ones alike, are compared with the rate as the direction has it; the evaluation carries the rate itself.
 * A rate that is not finite is never true.
 *
 * @returns Of fewer than two points `missed`, or `not_due` where two were not due in the window.
 */
export function evaluateRateOfChange(condition: RateOfChangeCondition, points: Window, context: RateContext): Evaluation {
  const { at, cadence } = context;
  const { window, unit, direction, operator, resetAware } = condition;
  const inWindow = within(points, at - window + 1, at + 1);
  const { timestamps, values } = inWindow;
  const rate = rateOf(inWindow, unit, resetAware);
  if (rate === null) {
    const hasRoom = values.length === 0 || cadence === null || window >= 2 * cadence;
    return { at, outcome: hasRoom && isPointDue(points, window, context) ? "missed" : "not_due" };
  }
  const { value, resets } = rate;
  if (!Number.isFinite(value)) return { at, outcome: "false", value: null };
  const level = levelOf(condition, context, DIRECTED[direction](value));
  if (level === null) return { at, outcome: "false", value };

  const { severity, threshold, recover } = level;
  const evidence: RateEvidence = {
    kind: "rate-of-change",
    operator,
    threshold,
    recover: recover ?? null,
    value,
    unit,
    direction,
    window,
    points: values.length,
    first: { timestamp: timestamps[0]!, value: values[0]! },
    last: { timestamp: timestamps.at(-1)!, value: values.at(-1)! },
    resets,
  };
  return { at, outcome: "true", severity, value, evidence: { ...evidence } };
}

/**
 * The rate of points: last less first value, by the time between the two.
 * @param points - Ascending, of one window.
 * @param resetAware - They count, and what they had counted before each restart is added.
 * @returns In the unit, and how often they began anew; null of fewer than two points.
 */
export function rateOf({ timestamps, values }: Window, unit: RateUnit, resetAware: boolean): { value: number; resets: number } | null {
  if (values.length < 2) return null;
  const { lost, resets } = resetAware ? restarts(values) : { lost: 0, resets: 0 };
  const elapsed = timestamps.at(-1)! - timestamps[0]!;
  return { value: ((values.at(-1)! - values[0]! + lost) / elapsed) * UNIT_MS[unit], resets };
}

/** The evidence of a rate alert: the rate, and the two points that it lies between. `window` in ms, timestamps in Unix ms. */
export interface RateEvidence {
  readonly kind: "rate-of-change";
  readonly operator: Operator;
  readonly threshold: number;
  readonly recover: number | null;
  readonly value: number;
  readonly unit: RateUnit;
  readonly direction: RateDirection;
  readonly window: number;
  readonly points: number;
  readonly first: { readonly timestamp: number; readonly value: number };
  readonly last: { readonly timestamp: number; readonly value: number };
  /** How often the counter began anew. */
  readonly resets: number;
}

/** How often a counter began anew, at zero, and what it had counted by then. */
function restarts(values: Float64Array): { lost: number; resets: number } {
  let [lost, resets] = [0, 0];
  for (let row = 1; row < values.length; row += 1) {
    if (!(values[row]! < values[row - 1]!)) continue;
    lost += values[row - 1]!;
    resets += 1;
  }
  return { lost, resets };
}
