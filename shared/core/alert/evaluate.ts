import type { RuleId } from "../../contract/ids.ts";
import type {
  CompositeCondition,
  ForecastCondition,
  MissingDataCondition,
  RateOfChangeCondition,
  Severity,
  ThresholdCondition,
} from "../../contract/rule.ts";
import { evaluateComposite } from "./composite.ts";
import type { Child } from "./composite.ts";
import { evaluateForecast } from "./forecast-breach.ts";
import type { KnownForecast } from "./forecast-breach.ts";
import { evaluateMissingData } from "./missing-data.ts";
import { evaluateRateOfChange } from "./rate-of-change.ts";
import type { Evaluation } from "./step.ts";
import { evaluateThreshold } from "./threshold.ts";
import type { Window } from "./threshold.ts";

/** The conditions that are evaluated at a time, by their kind; anomalies come when they come. */
export type TimedCondition =
  | { readonly kind: "threshold"; readonly condition: ThresholdCondition }
  | { readonly kind: "rate-of-change"; readonly condition: RateOfChangeCondition }
  | { readonly kind: "missing-data"; readonly condition: MissingDataCondition }
  | { readonly kind: "forecast"; readonly condition: ForecastCondition }
  | { readonly kind: "composite"; readonly condition: CompositeCondition };

/** What evaluate() needs of a rule: a rule itself will do. `interval` in ms. */
export type TimedRule = TimedCondition & { readonly severity: Severity; readonly interval: number };

/** Everything that a condition of some kind may look at; each kind reads what is its own. Times in Unix ms, durations in ms. */
export interface Inputs {
  /** Of the series, reaching over the window; threshold and rate of change. */
  readonly points: Window;
  /** The severity that hysteresis may hold: see heldSeverity(). */
  readonly previous: Severity | null;
  /** The series' learned time between points; null until there is one. */
  readonly cadence: number | null;
  /** The newest point at or before the evaluation; null where none is known. */
  readonly lastPointAt: number | null;
  /** The aggregate of a threshold's window where it is known already; else it is computed from the points. */
  readonly aggregated?: number | null;
  /** Since when a missing-data rule requires the series; null where it does not. */
  readonly requiredSince: number | null;
  /** Of the series, in any order. */
  readonly forecasts: readonly KnownForecast[];
  /** The rules that a composite one looks at. */
  readonly children: ReadonlyMap<RuleId, Child>;
}

/** Inputs of which nothing is known: spread what is known over it. */
export const NOTHING_KNOWN: Inputs = {
  points: { timestamps: new Float64Array(), values: new Float64Array() },
  previous: null,
  cadence: null,
  lastPointAt: null,
  requiredSince: null,
  forecasts: [],
  children: new Map(),
};

/** One evaluation of a rule's condition, whatever its kind. @param at - Unix ms. */
export function evaluate(rule: TimedRule, at: number, inputs: Inputs): Evaluation {
  const { severity, interval } = rule;
  switch (rule.kind) {
    case "threshold":
      return evaluateThreshold(rule.condition, inputs.points, { ...inputs, at, severity, interval });
    case "rate-of-change":
      return evaluateRateOfChange(rule.condition, inputs.points, { ...inputs, at, severity });
    case "missing-data":
      return evaluateMissingData(rule.condition, { ...inputs, at, interval });
    case "forecast":
      return evaluateForecast(rule.condition, inputs.forecasts, at);
    case "composite":
      return evaluateComposite(rule.condition, inputs.children, at);
  }
}
