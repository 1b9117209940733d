import Mustache from "mustache";
import type { Alert } from "../../contract/alert.ts";
import type { Result } from "../result.ts";
import { changesText, firingValue, levelIn, numberOf } from "./evidence-lines.ts";
import { elapsedText, numberText, oneLine, seriesText, shorten, timeText } from "./plain-text.ts";

/** What a name in a template stands for, of an alert as a message at `at` (Unix ms) tells it; empty where it has none. */
const VALUES: Readonly<Record<string, (alert: Alert, at: number) => string>> = {
  rule: ({ ruleName }) => ruleName,
  series: ({ series }) => seriesText(series),
  metric: ({ series }) => series?.metricKey ?? "",
  severity: ({ severity }) => severity,
  status: ({ status }) => status,
  firing: ({ startedAt, resolvedAt }) => (startedAt !== null && resolvedAt === null ? "firing" : ""),
  resolved: ({ resolvedAt }) => (resolvedAt === null ? "" : "resolved"),
  value: ({ value }) => written(value),
  firingValue: (alert) => written(firingValue(alert)),
  threshold: ({ evidence }) => written(numberOf(evidence["threshold"])),
  compared: ({ evidence }) => levelIn(evidence)?.how ?? "",
  expected: ({ evidence }) => written(numberOf(evidence["expected"])),
  lo: ({ evidence }) => written(numberOf(evidence["lo"])),
  hi: ({ evidence }) => written(numberOf(evidence["hi"])),
  score: ({ evidence }) => written(numberOf(evidence["score"])),
  startedAt: ({ startedAt }) => (startedAt === null ? "" : timeText(Date.parse(startedAt))),
  resolvedAt: ({ resolvedAt }) => (resolvedAt === null ? "" : timeText(Date.parse(resolvedAt))),
  duration: ({ startedAt, resolvedAt }, at) =>
    startedAt === null ? "" : elapsedText((resolvedAt === null ? at : Date.parse(resolvedAt)) - Date.parse(startedAt)),
  reason: ({ reason }) => reason ?? "",
  changes: changesText,
};
const LABEL = "labels.";
const DIMENSION = "dimensions.";

/** The names that a template may use, as a person reads them. */
const NAMES = [...Object.keys(VALUES), `${LABEL}NAME`, `${DIMENSION}NAME`].join(", ");

/** Characters of one value, and of a whole text. */
const VALUE_LIMIT = 500;
const TEXT_LIMIT = 4_000;

const written = (value: number | null): string => (value === null ? "" : numberText(value));

/** A template as Mustache reads it: text, values, and sections of them. */
type Token = readonly [type: string, text: string, start: number, end: number, inside?: readonly Token[]];

/**
 * Reads a template: Mustache without partials and other delimiters.
 * @returns Its parts, or what is wrong with it.
 * @see https://mustache.github.io/mustache.5.html
 */
function parse(template: string): Result<readonly Token[], string> {
  const writer = new Mustache.Writer();
  try {
    return { ok: true, value: writer.parse(template) as readonly Token[] };
  } catch (error) {
    return { ok: false, error: `It is no Mustache template: ${(error as Error).message}` };
  }
}

/**
 * What is wrong with a template; null where nothing is.
 * @param labels - Those of its rule: another is unknown. Which dimensions a series will have, nobody knows before.
 */
export function templateFault(template: string, labels: Readonly<Record<string, string>>): string | null {
  const parsed = parse(template);
  return parsed.ok ? faultOf(parsed.value, labels) : parsed.error;
}

function faultOf(tokens: readonly Token[], labels: Readonly<Record<string, string>>): string | null {
  for (const [type, name, , , inside = []] of tokens) {
    if (type === "text" || type === "!") continue;
    if (type === ">") return `It takes in another template, {{> ${name}}}: there are none`;
    if (type === "=") return "It changes what a placeholder is written with: that is always {{NAME}}";
    const fault = nameFault(name, labels) ?? faultOf(inside, labels);
    if (fault !== null) return fault;
  }
  return null;
}

function nameFault(name: string, labels: Readonly<Record<string, string>>): string | null {
  if (Object.hasOwn(VALUES, name) || (name.startsWith(DIMENSION) && name.length > DIMENSION.length)) return null;
  if (!name.startsWith(LABEL)) return `There is no {{${name}}}. There are ${NAMES}`;
  if (Object.hasOwn(labels, name.slice(LABEL.length))) return null;
  const known = Object.keys(labels);
  return `The rule has no label for {{${name}}}. It has ${known.length === 0 ? "none" : known.join(", ")}`;
}

/**
 * Fills a template in with what an alert says. Its time and size are bounded: a template says each of its parts once at most, for nothing in an alert
 * is a list, and a value and a text have their limits.
 *
 * @param at - Of the message, Unix ms.
 * @returns The text; the template itself where it is none that templateFault() would take.
 */
export function renderTemplate(template: string, alert: Alert, at: number): string {
  const parsed = parse(template);
  if (!parsed.ok || faultOf(parsed.value, alert.labels) !== null) return template;
  // Names are looked up here, not in an object: none leads to what JavaScript has of its own.
  const context = new Mustache.Context({});
  Object.assign(context, { lookup: (name: string) => valueOf(name, alert, at), push: () => context });
  const text = new Mustache.Writer().renderTokens(parsed.value as never, context, undefined, template, {
    escape: (value: string) => value,
  });
  return shorten(text, TEXT_LIMIT);
}

function valueOf(name: string, alert: Alert, at: number): string {
  const own = (of: Readonly<Record<string, string>>, key: string) => (Object.hasOwn(of, key) ? of[key]! : "");
  const value = name.startsWith(LABEL)
    ? own(alert.labels, name.slice(LABEL.length))
    : name.startsWith(DIMENSION)
      ? own(alert.series?.dimensions ?? {}, name.slice(DIMENSION.length))
      : VALUES[name]!(alert, at);
  return shorten(oneLine(value), VALUE_LIMIT);
}

/** The annotations of an alert, each filled in. */
export const renderAnnotations = (alert: Alert, at: number): Alert["annotations"] =>
  Object.fromEntries(
    Object.entries(alert.annotations).map(([name, text]) => [name, text.includes("{{") ? renderTemplate(text, alert, at) : text]),
  );
