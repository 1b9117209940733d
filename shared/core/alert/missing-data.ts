import type { MissingDataCondition } from "../../contract/rule.ts";
import type { Evaluation } from "./step.ts";

/** What is known of a series. Times in Unix ms, durations in ms. */
export interface MissingDataContext {
  /** Evaluation time. */
  readonly at: number;
  /** The rule's evaluation interval. */
  readonly interval: number;
  /** The series' learned time between points; null until there is one. */
  readonly cadence: number | null;
  /** Timestamp of the newest point at or before `at`; null where the series was never seen. */
  readonly lastPointAt: number | null;
  /** Since when the rule has required the series, whether it was ever seen or not; null where it does not. */
  readonly requiredSince: number | null;
}

/** Silence from here on is missing data, ms; null while a point is not expected at any time: the cadence is neither said nor learned. */
export function missingAfter({ expectedInterval, grace }: MissingDataCondition, cadence: number | null): number | null {
  const expected = expectedInterval ?? cadence;
  return expected === null ? null : expected * grace;
}

/**
 * Whether a series is silent for longer than it may be. One that was never seen is not missed, unless the rule requires it: then it is
 * silent since the rule requires it, and where no cadence can be known the rule's interval stands in.
 * The first point that arrives ends it, at the next evaluation.
 *
 * @returns `not_due` where nothing can be said: the series was never seen, or its cadence is not learned.
 */
export function evaluateMissingData(condition: MissingDataCondition, context: MissingDataContext): Evaluation {
  const { at, interval, cadence, lastPointAt, requiredSince } = context;
  const since = lastPointAt ?? requiredSince;
  if (since === null) return { at, outcome: "not_due" };
  const longest = missingAfter(condition, cadence ?? (lastPointAt === null ? interval : null));
  if (longest === null) return { at, outcome: "not_due" };

  const silent = Math.max(0, at - since);
  if (silent <= longest) return { at, outcome: "false", value: silent / 1_000 };
  const evidence: MissingDataEvidence = {
    kind: "missing-data",
    lastSeenAt: lastPointAt,
    duration: silent,
    expectedInterval: longest / condition.grace,
    grace: condition.grace,
  };
  return { at, outcome: "true", value: silent / 1_000, evidence: { ...evidence } };
}

/** The evidence of a missing-data alert; its value is the silence in seconds. Durations in ms. */
export interface MissingDataEvidence {
  readonly kind: "missing-data";
  /** Unix ms; null where the series was never seen. */
  readonly lastSeenAt: number | null;
  /** Since the last point; of a series that was never seen since the rule requires it. */
  readonly duration: number;
  readonly expectedInterval: number;
  readonly grace: number;
}
