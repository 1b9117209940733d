import * as v from "valibot";
import type { Alert, EarlierAlert, Evidence, TopDimension } from "../../contract/alert.ts";
import type { AnomalyVerdict } from "../../contract/anomaly.ts";
import { Operator, RateDirection, RateUnit } from "../../contract/rule.ts";
import { formatDuration, parseDuration } from "../../contract/time.ts";
import { EARLIER_DAYS } from "../alert/related.ts";
import { FEW_ALERTS } from "../alert/top-dimensions.ts";
import { elapsedText, numberText, shorten, timeText } from "./plain-text.ts";

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
const LINES: Readonly<Record<string, (evidence: Evidence, at: number) => readonly string[]>> = {
  threshold: thresholdLines,
  anomaly: anomalyLines,
  "rate-of-change": rateLines,
  "missing-data": missingLines,
  forecast: forecastLines,
  composite: compositeLines,
  instances_limited: ({ most, leftOut }) => [
    `The rule watches ${String(most)} series, the most that a rule may; ${String(leftOut)} more are left out.`,
  ],
  evaluation_error: ({ message }) => [
    `The rule cannot be evaluated: ${String(message)}`,
    "Until it can, its other alerts stay as they are.",
  ],
  no_data: () => ["No data: points were due and none came."],
};

/**
 * The lines that tell why an alert fired.
 * @param at - Of the message, Unix ms: what was to come until then is not said any more.
 */
export function evidenceLines(evidence: Evidence, at: number): readonly string[] {
  const kind = evidence["kind"];
  return typeof kind === "string" && Object.hasOwn(LINES, kind) ? LINES[kind]!(evidence, at) : [];
}

/** Of a note that is told. UTF-16 code units. */
const NOTE_LIMIT = 200;

/** What happened before an alert, in lines: of alerts stored before it was known, none. */
export function earlierLines({ related }: Pick<Alert, "related">): readonly string[] {
  if (related === undefined) return [];
  const { ofInstance, ofRule, newest } = related.earlier;
  const days = `in the ${EARLIER_DAYS} days before`;
  if (ofInstance === 0) return [ofRule === 0 ? `No alert like it ${days}` : `First of this series ${days}, ${ofRule} of the rule`];
  const often = ofInstance === 1 ? "once" : `${ofInstance} times`;
  const note = newest[0]?.note ?? null;
  return [
    `Fired ${often} ${days}: ${newest.map(earlierText).join(", ")}${ofInstance > newest.length ? ", …" : ""}`,
    ...(note === null ? [] : [`Noted the last time: ${shorten(note, NOTE_LIMIT)}`]),
  ];
}

function earlierText({ startedAt, duration, reason, feedback }: EarlierAlert): string {
  const lasted = duration === null ? null : parseDuration(duration, Infinity);
  const said = [...(reason === "manual" ? ["resolved by hand"] : []), ...(feedback == null ? [] : [`called ${FEEDBACK[feedback]}`])];
  const how = said.length === 0 ? "" : ` (${said.join(", ")})`;
  return `${timeText(Date.parse(startedAt))}${lasted === null ? "" : ` for ${elapsedText(lasted)}`}${how}`;
}

const FEEDBACK = { expected: "expected", incident: "an incident", "bad-data": "bad data" } as const satisfies Record<
  AnomalyVerdict,
  string
>;

/** What the firing alerts of a rule share, in a line: what its other series have less often, where that is known. */
export function sharedLines({ related }: Pick<Alert, "related">): readonly string[] {
  const firing = related?.firing ?? null;
  if (firing === null || firing.alerts < FEW_ALERTS) return [];
  const top = related?.topDimensions ?? [];
  if (top.length > 0) return [`Of the ${firing.alerts} alerts of this rule that fire, ${top.map(topText).join("; ")}`];
  if (firing.dimensions.length === 0) return [];
  const shared = firing.dimensions.map(({ name, value, alerts }) => `${name}=${value} (${alerts})`);
  return [`${firing.alerts} alerts of this rule fire, most with ${shared.join(", ")}`];
}

const topText = ({ name, value, alerts, series, ofSeries }: TopDimension): string =>
  `${alerts} have ${name}=${value}, which ${series} of its ${ofSeries} series have`;

/** What was changed near an alert, in a line. */
export function changesLines(alert: Pick<Alert, "related" | "startedAt">): readonly string[] {
  const text = changesText(alert);
  return text === "" ? [] : [`Changes near it: ${text}`];
}

/** What was changed near an alert: empty where nothing was, or nothing is known. */
export function changesText({ related, startedAt }: Pick<Alert, "related" | "startedAt">): string {
  if (startedAt === null) return "";
  const start = Date.parse(startedAt);
  return (related?.changes ?? [])
    .map(({ kind, title, at }) => {
      const far = Date.parse(at) - start;
      const when = far === 0 ? "at its beginning" : `${elapsedText(Math.abs(far))} ${far > 0 ? "after" : "before"}`;
      return `${kind === "other" ? "" : `${kind} `}${title}, ${when}`;
    })
    .join("; ");
}

/** How the value of an alert is said, by its evidence: what it is, and the number with its unit. */
interface ValueText {
  readonly name: string;
  readonly written: (value: number) => string;
  /** The value in the evidence, in the alert's unit. */
  readonly fired: number | null;
}

const VALUE_TEXTS: Readonly<Record<string, (evidence: Evidence) => ValueText>> = {
  forecast: ({ probability }) => ({ name: "Probability", written: percentText, fired: numberOf(probability) }),
  "missing-data": ({ duration }) => {
    const silence = numberOf(duration);
    return { name: "Silent for", written: (seconds) => elapsedText(1_000 * seconds), fired: silence === null ? null : silence / 1_000 };
  },
  composite: ({ children }) => {
    const verdicts = Array.isArray(children) ? (children as readonly unknown[]).map((child) => memberOf(child, "verdict")) : null;
    const of = verdicts === null ? "" : ` of ${verdicts.length} rules`;
    const fired = verdicts?.filter((verdict) => verdict === "true").length ?? null;
    return { name: "True", written: (count) => `${numberText(count)}${of}`, fired };
  },
  "rate-of-change": (evidence) => ({
    name: "Rate",
    written: (rate) => `${numberText(rate)}${rateUnitText(evidence)}`,
    fired: numberOf(evidence["value"]),
  }),
};

/** How the value of an alert with such evidence is said; of a kind not named above as the number that it is. */
function valueTextOf(evidence: Evidence): ValueText {
  const kind = evidence["kind"];
  if (typeof kind === "string" && Object.hasOwn(VALUE_TEXTS, kind)) return VALUE_TEXTS[kind]!(evidence);
  return { name: "Value", written: numberText, fired: numberOf(evidence["value"]) };
}

/** The line of an alert's value: `Value: 95`, `Probability: 93 %`. */
export function valueLine({ value, evidence }: Pick<Alert, "value" | "evidence">): readonly string[] {
  const { name, written } = valueTextOf(evidence);
  return value === null ? [] : [`${name}: ${written(value)}`];
}

/** The same of one that ended, with the value that it had as it fired. */
export function endedValueLine(alert: Pick<Alert, "value" | "firingValue" | "evidence">): readonly string[] {
  const { written } = valueTextOf(alert.evidence);
  const fired = firingValue(alert);
  return valueLine(alert).map((line) => (fired === null ? line : `${line}, was ${written(fired)} when it fired`));
}

/** The value that made an alert fire, in the unit of its value; null where there was none. */
export function firingValue({ firingValue: fired, evidence }: Pick<Alert, "firingValue" | "evidence">): number | null {
  // A message from before that was said has the evidence alone, which is that of its last severity.
  return fired === undefined ? valueTextOf(evidence).fired : fired;
}

/** Rounded down: what is not certain is not 100 %. */
const percentText = (share: number): string => `${Math.floor(100 * share)} %`;

/** The unit of a rate in words, a space before it; empty where evidence has none. */
export const rateUnitText = ({ unit }: Evidence): string => (v.is(RateUnit, unit) ? ` ${unit.replace("_", " ")}` : "");

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
  const { aggregate, window } = evidence;
  const [value, level] = [numberOf(evidence["value"]), levelIn(evidence)];
  if (value === null || level === null) return null;
  const what = typeof aggregate === "string" && typeof window === "number" ? `${aggregate} over ${formatDuration(window)}` : "value";
  return { what, value, ...level };
}

/** The level that evidence names, also where what is compared with it is yet to come; null where it names none. */
export function levelIn(evidence: Evidence): Pick<ComparedWith, "how" | "threshold" | "recover"> | null {
  const { operator } = evidence;
  const threshold = numberOf(evidence["threshold"]);
  if (threshold === null || !isOperator(operator)) return null;
  return { how: COMPARED[operator], threshold, recover: numberOf(evidence["recover"]) };
}

function thresholdLines(evidence: Evidence): readonly string[] {
  const compared = comparedWith(evidence);
  if (compared === null) return [];
  const { what, how, value, threshold, recover } = compared;
  const until = recover === null ? "" : `, recovers at ${numberText(recover)}`;
  return [`${what}: ${numberText(value)} (alerts ${how} ${numberText(threshold)}${until})`];
}

function rateLines(evidence: Evidence): readonly string[] {
  const { operator } = evidence;
  const number = (name: string) => numberOf(evidence[name]);
  const [value, threshold, recover, window] = ["value", "threshold", "recover", "window"].map(number);
  if (typeof value !== "number" || typeof threshold !== "number" || !isOperator(operator)) return [];
  const way = v.is(RateDirection, evidence["direction"]) ? WAY[evidence["direction"]] : "";
  const over = typeof window === "number" ? ` over ${formatDuration(window)}` : "";
  const until = typeof recover === "number" ? `, recovers at ${numberText(recover)}` : "";
  return [
    `change${over}: ${numberText(value)}${rateUnitText(evidence)} (alerts ${COMPARED[operator]} ${numberText(threshold)}${way}${until})`,
  ];
}

const WAY: Readonly<Record<RateDirection, string>> = { increase: "", decrease: " as a decrease", either: " either way" };

function missingLines(evidence: Evidence): readonly string[] {
  const [duration, expected, grace] = ["duration", "expectedInterval", "grace"].map((name) => numberOf(evidence[name]));
  const lastSeenAt = timeOf(evidence["lastSeenAt"]);
  if (typeof duration !== "number") return [];
  const usual = typeof expected === "number" && typeof grace === "number";
  const expectation = usual
    ? `; a point is expected every ${elapsedText(expected)}, and ${numberText(grace)} times that is waited for`
    : "";
  const since = lastSeenAt !== null ? `the last point came at ${timeText(lastSeenAt)}` : "no point ever came";
  return [`No data for ${elapsedText(duration)}: ${since}${expectation}`];
}

function forecastLines(evidence: Evidence, at: number): readonly string[] {
  const { operator, breachAt, interval } = evidence;
  const [probability, threshold, agreeing, of] = ["probability", "threshold", "agreeing", "of"].map((name) => numberOf(evidence[name]));
  if (typeof probability !== "number" || typeof threshold !== "number" || !isOperator(operator)) return [];
  const by = typeof agreeing === "number" && typeof of === "number" ? `, by ${agreeing} of the last ${of} forecasts` : "";
  const lines = [`${percentText(probability)} likely to be ${COMPARED[operator]} ${numberText(threshold)}${by}`];
  const [median, first, last] = ["median", "lo", "hi"].map((name) => timeOf(memberOf(breachAt, name)));
  if (typeof median === "number" && median <= at) return lines;
  if (typeof median === "number" && typeof first === "number" && typeof last === "number") {
    const range = first === last ? "" : ` (80 %: ${timeText(first)} to ${timeText(last)})`;
    lines.push(`first at about ${timeText(median)}${range}`);
  }
  const [level, lo, hi] = ["level", "lo", "hi"].map((name) => numberIn(interval, name));
  if (typeof level === "number" && typeof lo === "number" && typeof hi === "number") {
    lines.push(`forecast for then: ${numberText(lo)} to ${numberText(hi)} (${numberText(level)} %)`);
  }
  return lines;
}

function compositeLines({ operator, children }: Evidence): readonly string[] {
  if (typeof operator !== "string" || !Array.isArray(children)) return [];
  const said = (children as readonly Record<string, unknown>[]).map(
    (child) => `${typeof child["name"] === "string" ? child["name"] : String(child["rule"])}: ${String(child["verdict"])}`,
  );
  return [`${operator} of: ${said.join("; ")}`];
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const numberIn = (value: unknown, name: string): number | null => numberOf(memberOf(value, name));

/** A time in evidence, Unix ms, as it is kept or as it is answered; null where it is none. */
const timeOf = (value: unknown): number | null => numberOf(typeof value === "string" ? Date.parse(value) : value);

function anomalyLines(evidence: Evidence): readonly string[] {
  const { severity, direction, methods, explanation } = evidence;
  const number = (name: string) => numberOf(evidence[name]);
  const [value, expected, lo, hi, score, days] = ["value", "expected", "lo", "hi", "score", "daysPerFalseAlarm"].map(number);
  const how = [severity, "anomaly", direction].filter((word) => typeof word === "string").join(" ");
  const settling = evidence["warming"] === true ? ["Little is known of this series yet: its anomalies are medium at most"] : [];
  if (typeof explanation === "string") {
    return [explanation, ...(typeof score === "number" ? [`${how}, score ${numberText(score)}`] : []), ...settling];
  }

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
