import type { Anomaly } from "../../contract/anomaly.ts";
import { AnomalySeverity } from "../../contract/anomaly.ts";
import { explain } from "../detect/explanation.ts";
import type { AnomalyCondition, Severity } from "../../contract/rule.ts";
import type { Evaluation } from "./step.ts";

/** An anomaly as detection stored it, its times in Unix ms. */
export type ScoredAnomaly = Pick<
  Anomaly,
  | "id"
  | "value"
  | "expected"
  | "lo"
  | "hi"
  | "score"
  | "severity"
  | "direction"
  | "daysPerFalseAlarm"
  | "goesOn"
  | "perSecond"
  | "late"
  | "methods"
  | "historical"
  | "overBudget"
> & {
  readonly timestamp: number;
  /** The first scored point after it that was none; null while there is no such point. */
  readonly clearedAt: number | null;
};

/** What is known beside the anomalies. Times in Unix ms, durations in ms. */
export interface AnomalyContext {
  readonly now: number;
  /** Timestamp of the newest scored point; null when none is scored. */
  readonly lastPointAt: number | null;
  /** The series' learned time between points; null until there is one, when the interval stands in for it. */
  readonly cadence: number | null;
  readonly interval: number;
  /** How much later than its time the newest anomaly was known: its series is silent only once its points do not come so late either. */
  readonly lag: number;
  readonly severity: Severity;
  readonly lastEvaluatedAt: number | null;
  /** The series is settling: severities of its anomalies are capped. Left out where it is not. */
  readonly warming?: true;
}

/** Cadences without a point after which an anomaly is over. */
const SILENT_CADENCES = 3;
/** The score of one false alarm in ten days, from which on a method by itself counts as having found the anomaly. */
const METHOD_FOUND_IT = 10 / (10 + 14);

/**
 * The evaluations of an anomaly rule over one series: true at each matching anomaly, false at the first scored point that is none, or after
 * three cadences without a point, whatever comes then. Historical anomalies, and those over the budget, are never evaluated.
 *
 * @param anomalies - Of one series, in any order: all since the last evaluation, and those not cleared by then; also those that do not match,
 *   which are points that were no better.
 * @returns Ascending, after lastEvaluatedAt and up to now; empty when nothing changed.
 */
export function evaluateAnomalies(
  condition: AnomalyCondition,
  anomalies: readonly ScoredAnomaly[],
  context: AnomalyContext,
): readonly Evaluation[] {
  const { now, severity, lastEvaluatedAt, warming } = context;
  const matching = anomalies.filter((anomaly) => matchesAnomaly(condition, anomaly));
  if (matching.length === 0) return [];

  const timeline = new Map<number, Evaluation>();
  for (const { clearedAt } of matching) if (clearedAt !== null) timeline.set(clearedAt, { at: clearedAt, outcome: "false" });
  for (const anomaly of matching) {
    const { timestamp: at, value } = anomaly;
    const settling = warming === undefined ? {} : { warming };
    timeline.set(at, { at, outcome: "true", severity, value, evidence: { ...evidenceOf(anomaly), ...settling }, ...settling });
  }
  for (const at of silences(timeline, anomalies, context)) timeline.set(at, { at, outcome: "false" });
  return [...timeline.values()]
    .filter(({ at }) => at <= now && (lastEvaluatedAt === null || at > lastEvaluatedAt))
    .toSorted((a, b) => a.at - b.at);
}

/** When what was true was over for want of points, ascending. */
function silences(
  timeline: ReadonlyMap<number, Evaluation>,
  anomalies: readonly ScoredAnomaly[],
  { now, lastPointAt, cadence, interval, lag }: AnomalyContext,
): number[] {
  const patience = SILENT_CADENCES * (cadence ?? interval);
  const points = new Set(timeline.keys());
  for (const { timestamp, historical } of anomalies) if (!historical) points.add(timestamp);

  const found: number[] = [];
  /** The newest point of what is true; null while nothing is. */
  let newest: number | null = null;
  for (const at of [...points].toSorted((a, b) => a - b)) {
    if (newest !== null && at - newest > patience) {
      found.push(newest + patience);
      newest = null;
    }
    const outcome = timeline.get(at)?.outcome;
    if (outcome === "true" || (outcome === undefined && newest !== null)) newest = at;
    if (outcome === "false") newest = null;
  }
  if (newest === null) return found;
  const silentAt = Math.max(lastPointAt ?? 0, newest) + patience;
  if (silentAt + lag <= now) found.push(silentAt);
  return found;
}

/** Whether an anomaly is one that the rule is about. */
export function matchesAnomaly(condition: AnomalyCondition, anomaly: ScoredAnomaly): boolean {
  const { minSeverity, direction, methods, minAbsolute, minRelative } = condition;
  const severities = AnomalySeverity.options;
  if (anomaly.historical || anomaly.overBudget || severities.indexOf(anomaly.severity) < severities.indexOf(minSeverity)) return false;
  if (direction !== "either" && anomaly.direction !== direction) return false;
  if (methods !== undefined && !methods.some((name) => (anomaly.methods[name]?.score ?? 0) >= METHOD_FOUND_IT)) return false;
  if (minAbsolute === undefined && minRelative === undefined) return true;

  if (anomaly.expected === null) return false;
  const deviation = Math.abs(anomaly.value - anomaly.expected);
  const relative = deviation === 0 ? 0 : deviation / Math.abs(anomaly.expected);
  return deviation >= (minAbsolute ?? 0) && relative >= (minRelative ?? 0);
}

/** The evidence of an anomaly alert. `timestamp` in Unix ms, `explanation` in sentences, the rest as detection gave it. */
export type AnomalyEvidence = {
  readonly kind: "anomaly";
  readonly anomaly: Anomaly["id"];
  readonly timestamp: number;
  readonly explanation: string;
} & Pick<ScoredAnomaly, "value" | "expected" | "lo" | "hi" | "score" | "severity" | "direction" | "daysPerFalseAlarm" | "methods">;

function evidenceOf(anomaly: ScoredAnomaly): AnomalyEvidence {
  const { id, timestamp, value, expected, lo, hi, score, severity, direction, daysPerFalseAlarm, methods } = anomaly;
  const said = { value, expected, lo, hi, score, severity, direction, daysPerFalseAlarm, methods, explanation: explain(anomaly).text };
  return { kind: "anomaly", anomaly: id, timestamp, ...said };
}
