import type { Alert } from "../../contract/alert.ts";
import type { MessageKind } from "../../contract/channel.ts";
import type { AlertId, GroupId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import type { FlushReason } from "../alert/flush.ts";
import { STORM_WINDOW_MS } from "../alert/storm.ts";
import type { StormNotice } from "../alert/storm.ts";
import { splitLinks } from "./alert-links.ts";
import type { AlertLink } from "./alert-links.ts";
import { changesLines, earlierLines, evidenceLines, firingValue, sharedLines } from "./evidence-lines.ts";
import { elapsedText, numberText, oneLine, seriesText, timeText } from "./plain-text.ts";

/** One message before it is rendered for its channel. JSON-safe. */
export interface Notification {
  readonly kind: MessageKind;
  /** Why it is sent; null for a test, and where somebody acknowledged. */
  readonly reason: FlushReason | null;
  /** When it was decided, Unix ms. */
  readonly at: number;
  /** null for a test. */
  readonly groupKey: GroupId | null;
  /** As they were then. Empty for a test. */
  readonly alerts: readonly Alert[];
  /** Channels that it could not be delivered to, the first one first: that is why it comes on this one. */
  readonly failed?: readonly { readonly channel: string; readonly reason: string }[];
  /** Of a resolve: alerts whose firing it stands for as well, because that got through nowhere. */
  readonly tellsFiring?: readonly AlertId[];
  /** Of a firing: alerts that ended before it got through, whose resolve tells both. */
  readonly takenOver?: readonly AlertId[];
  /** Of a message without alerts: a storm of its channel begins, or is over. */
  readonly storm?: StormNotice | "over";
  /** Of a test: it is the heartbeat of the organisation's watchdog. */
  readonly heartbeat?: true;
}

/** One alert in words, each text one line without control characters. */
export interface AlertText {
  readonly severity: Severity;
  readonly ruleName: string;
  /** Metric and dimensions, as `cpu{host=a}`. */
  readonly series: string;
  /** Value, duration, evidence, annotations: what to know, the most important first. */
  readonly lines: readonly string[];
  /** Of its annotations those that are addresses: they are no lines. */
  readonly links: readonly AlertLink[];
}

/** What every channel shows, in its own form. */
export interface AlertMessage {
  readonly title: string;
  /** Critical ones first, then the oldest. */
  readonly alerts: readonly AlertText[];
}

const STATES = { firing: "Firing", acknowledged: "Acknowledged", resolved: "Resolved" } as const;

const ENDED: Readonly<Record<string, string>> = {
  manual: "Resolved by hand.",
  rule_deleted: "Ended because its rule was deleted.",
  rule_disabled: "Ended because its rule was switched off.",
  rule_changed: "Ended because its rule was changed and no longer watches this series.",
  expired: "Ended because the series has been silent for too long; it is not known to have recovered.",
  corrected: "Ended because late points showed that it was none.",
  no_data_ok: "Ended because there are no data, which its rule takes for well.",
};

/** Reasons to tell again of what was told before. */
const STILL: ReadonlySet<FlushReason | null> = new Set(["repeat", "suppression ended"]);

/** What a notification says. */
export function alertMessage(notification: Notification): AlertMessage {
  const { title, alerts } = messageOf(notification);
  const detours = (notification.failed ?? []).map(({ channel, reason }) => oneLine(`could not be delivered to ${channel}: ${reason}`));
  if (detours.length === 0) return { title, alerts };
  // Where there is an alert, its lines have room; a title is cut soon.
  const [first, ...others] = alerts;
  if (first === undefined) return { title: `${title} (${detours.join("; ")})`, alerts };
  return { title, alerts: [{ ...first, lines: [...detours.map((line) => `This ${line}`), ...first.lines] }, ...others] };
}

function messageOf(notification: Notification): AlertMessage {
  const { kind, reason, alerts } = notification;
  if (notification.heartbeat === true) return { title: "Heartbeat of IntentVision: evaluation, detection and delivery work", alerts: [] };
  if (kind === "test") return { title: "Test message from IntentVision: this channel works", alerts: [] };
  if (notification.storm !== undefined) return { title: stormTitle(notification.storm), alerts: [] };
  const ordered = alerts.toSorted((a, b) => rank(a) - rank(b) || (a.startedAt ?? "").localeCompare(b.startedAt ?? ""));
  // What the alerts of a rule share is said once.
  const firstOfRule = new Map(ordered.toReversed().map((alert) => [alert.ruleId, alert]));
  const texts = ordered.map((alert) => alertText(alert, notification, firstOfRule.get(alert.ruleId)!));
  const first = texts[0];
  if (first === undefined) return { title: STATES[kind], alerts: [] };

  const severity = first.severity === "critical" ? "Critical" : "Warning";
  const said = reason === "flapping" ? `${severity}, flapping` : STILL.has(reason) ? `${severity}, still firing` : severity;
  const state = kind === "firing" ? said : STATES[kind];
  const rules = new Set(alerts.map(({ ruleId }) => ruleId)).size;
  const what = rules > 1 ? `${alerts.length} alerts of ${rules} rules` : first.ruleName;
  const where =
    rules > 1 || (texts.length === 1 && first.series === "") ? "" : ` on ${texts.length === 1 ? first.series : `${texts.length} series`}`;
  return { title: `${state}: ${what}${where}`, alerts: texts };
}

function stormTitle(storm: StormNotice | "over"): string {
  if (storm === "over") return "The storm of alerts is over: none is held back";
  const { told, held, until } = storm;
  const window = elapsedText(STORM_WINDOW_MS);
  return `Storm of alerts: ${told + held} within ${window}; ${held} and further ones are held back until fewer than ${until} were told within ${window}; critical ones go first`;
}

/**
 * A message as plain lines: the title, then each alert with its lines below it.
 * @param most - Alerts to write out; of the others their number is said.
 */
export function plainMessage({ title, alerts }: AlertMessage, most: number): readonly string[] {
  const shown = alerts
    .slice(0, most)
    .flatMap(({ ruleName, series, severity, lines, links }) => [
      ...(alerts.length === 1 ? [] : [`${series === "" ? ruleName : series} (${severity})`]),
      ...lines.map((line) => `  ${line}`),
      ...links.map(({ name, url }) => `  ${name}: ${url}`),
    ]);
  return [title, ...shown, ...(alerts.length > most ? [`+${alerts.length - most} more`] : [])];
}

function alertText(alert: Alert, { kind, reason, at }: Notification, firstOfRule: Alert): AlertText {
  const { severity, ruleName, series, labels } = alert;
  const { links, texts } = splitLinks(alert.annotations);
  const labelled = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const lines = [
    ...(reason === "flapping" ? [flappingLine(alert)] : []),
    ...(kind === "resolved" || alert.resolvedAt !== null ? resolvedLines(alert) : firingLines(alert, at)),
    ...evidenceLines(alert.evidence),
    ...(kind === "resolved" ? [] : earlierLines(alert)),
    ...(kind === "resolved" || alert !== firstOfRule ? [] : sharedLines(alert)),
    ...(kind === "resolved" || (alert !== firstOfRule && hasSameChanges(alert, firstOfRule)) ? [] : changesLines(alert)),
    ...texts.map(([name, text]) => `${name}: ${text}`),
    ...(labelled.length === 0 ? [] : [`labels: ${labelled.join(", ")}`]),
  ];
  return {
    severity,
    ruleName: oneLine(ruleName),
    series: seriesText(series),
    lines: lines.map(oneLine),
    links,
  };
}

function hasSameChanges(a: Alert, b: Alert): boolean {
  const ids = ({ related }: Alert) => (related?.changes ?? []).map(({ id }) => id).toSorted();
  return ids(a).join() === ids(b).join();
}

function flappingLine({ evidence }: Alert): string {
  const { changes, overMs } = (evidence["flapping"] ?? {}) as { readonly changes?: number; readonly overMs?: number };
  const often = changes === undefined || overMs === undefined ? "" : `: ${changes} changes in ${elapsedText(overMs)}`;
  return `Is flapping${often}; further changes are not told until it is calm`;
}

function firingLines({ value, startedAt, acknowledgedBy }: Alert, at: number): readonly string[] {
  const started = startedAt === null ? null : Date.parse(startedAt);
  return [
    ...(value === null ? [] : [`Value: ${numberText(value)}`]),
    ...(started === null ? [] : [`Firing since ${timeText(started)} (${elapsedText(at - started)})`]),
    ...(acknowledgedBy === null ? [] : [`Acknowledged by ${acknowledgedBy.name ?? acknowledgedBy.id}`]),
  ];
}

function resolvedLines(alert: Alert): readonly string[] {
  const { value, startedAt, resolvedAt, reason } = alert;
  const fired = firingValue(alert);
  const was = fired === null ? "" : `, was ${numberText(fired)} when it fired`;
  const ended = reason === null ? undefined : ENDED[reason];
  return [
    ...(value === null ? [] : [`Value: ${numberText(value)}${was}`]),
    ...(startedAt === null || resolvedAt === null ? [] : [`Fired for ${elapsedText(Date.parse(resolvedAt) - Date.parse(startedAt))}`]),
    ...(ended === undefined ? [] : [ended]),
  ];
}

function rank({ severity }: Alert): number {
  return severity === "critical" ? 0 : 1;
}
