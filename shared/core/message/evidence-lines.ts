import type { Evidence } from "../../contract/alert.ts";
import { Operator } from "../../contract/rule.ts";
import { formatDuration } from "../../contract/time.ts";
import { numberText } from "./plain-text.ts";

const COMPARED: Readonly<Record<Operator, string>> = {
  gt: "above",
  gte: "at or above",
  lt: "below",
  lte: "at or below",
  eq: "at",
  neq: "at anything but",
};
/** Methods that a message names, the strongest first. */
const NAMED_METHODS = 3;

/** What each kind of evidence says. Evidence is stored JSON, so nothing is taken for granted; a kind not named here says nothing. */
const LINES: Readonly<Record<string, (evidence: Evidence) => readonly string[]>> = {
  threshold: thresholdLines,
  anomaly: anomalyLines,
  no_data: () => ["No data: points were due and none came."],
};

/** The lines that tell why an alert fired. */
export function evidenceLines(evidence: Evidence): readonly string[] {
  const kind = evidence["kind"];
  return typeof kind === "string" && Object.hasOwn(LINES, kind) ? LINES[kind]!(evidence) : [];
}

/** The value that made an alert fire; null where its evidence has none. */
export function firingValue(evidence: Evidence): number | null {
  return numberOf(evidence["value"]);
}

/** What an alert compares: its values in words, the level in the values' unit. */
export interface ComparedWith {
  /** The aggregate and its window, as `avg over 5m`; `value` where it is the newest by itself. */
  readonly what: string;
  /** As `above`. */
  readonly how: string;
  readonly value: number;
  readonly threshold: number;
  /** The level that ends it, where it is another. */
  readonly recover: number | null;
}

/** What evidence says was compared with which level; null where that is no part of it. */
export function comparedWith(evidence: Evidence): ComparedWith | null {
  const { aggregate, window, operator } = evidence;
  const [value, threshold, recover] = [evidence["value"], evidence["threshold"], evidence["recover"]].map(numberOf);
  if (typeof value !== "number" || typeof threshold !== "number" || !isOperator(operator)) return null;
  const what = typeof aggregate === "string" && typeof window === "number" ? `${aggregate} over ${formatDuration(window)}` : "value";
  return { what, how: COMPARED[operator], value, threshold, recover: recover ?? null };
}

function thresholdLines(evidence: Evidence): readonly string[] {
  const compared = comparedWith(evidence);
  if (compared === null) return [];
  const { what, how, value, threshold, recover } = compared;
  const until = recover === null ? "" : `, recovers at ${numberText(recover)}`;
  return [`${what}: ${numberText(value)} (alerts ${how} ${numberText(threshold)}${until})`];
}

function anomalyLines(evidence: Evidence): readonly string[] {
  const { severity, direction, methods, explanation } = evidence;
  const number = (name: string) => numberOf(evidence[name]);
  const [value, expected, lo, hi, score, days] = ["value", "expected", "lo", "hi", "score", "daysPerFalseAlarm"].map(number);
  const how = [severity, "anomaly", direction].filter((word) => typeof word === "string").join(" ");
  if (typeof explanation === "string") return [explanation, ...(typeof score === "number" ? [`${how}, score ${numberText(score)}`] : [])];

  // An alert from before explanations.
  const lines: string[] = [];
  if (typeof value === "number" && typeof expected === "number") {
    const band = typeof lo === "number" && typeof hi === "number" ? ` (${numberText(lo)} to ${numberText(hi)})` : "";
    lines.push(`${numberText(value)}, expected ${numberText(expected)}${band}`);
  }
  if (typeof score === "number") {
    const rare = typeof days === "number" ? `, as rare as once in ${numberText(Math.round(days))} days` : "";
    lines.push(`${how}, score ${numberText(score)}${rare}`);
  }
  const found = strongest(methods);
  if (found.length > 0) lines.push(`found by ${found.join(", ")}`);
  return lines;
}

function strongest(methods: unknown): readonly string[] {
  if (typeof methods !== "object" || methods === null) return [];
  return Object.entries(methods as Record<string, { score?: unknown } | null>)
    .map(([name, method]) => [name, numberOf(method?.score) ?? 0] as const)
    .filter(([, score]) => score > 0)
    .toSorted(([, x], [, y]) => y - x)
    .slice(0, NAMED_METHODS)
    .map(([name, score]) => `${name} (${numberText(score)})`);
}

/** A finite number out of stored JSON; null where it is none. */
export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function isOperator(value: unknown): value is Operator {
  return (Operator.options as readonly unknown[]).includes(value);
}
