import type { Alert } from "../../contract/alert.ts";
import type { IsoTime } from "../../contract/time.ts";
import { isoTime } from "../../contract/time.ts";
import { alertMessage } from "./alert-message.ts";
import type { AlertText, Notification } from "./alert-message.ts";

/** Code points of a summary. */
const SUMMARY_LIMIT = 1_024;
/** Of a whole event, as JSON, with room for its routing key: PagerDuty's own is 512 KB. */
const SIZE_LIMIT_BYTES = 500_000;
/** Every test is the same incident: it is closed by hand. */
const TEST_KEY = "intentvision-test";
/** A service has one storm at a time. */
const STORM_KEY = "intentvision-storm";

/** An event without its routing key, which is secret. @see PagerDuty, "Send an event", Events API v2. */
export interface PagerdutyEvent {
  readonly event_action: "trigger" | "acknowledge" | "resolve";
  /** The episode's id, from its trigger to its resolve. */
  readonly dedup_key: string;
  readonly client: string;
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: "critical" | "warning" | "info";
    readonly timestamp: IsoTime;
    readonly component?: string;
    readonly group?: string;
    readonly class?: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
}

const ACTIONS = { firing: "trigger", acknowledged: "acknowledge", resolved: "resolve", test: "trigger" } as const;

/** The events of a notification, one an alert: what fires again is a trigger with the key of the first. */
export function renderPagerduty(notification: Notification): readonly PagerdutyEvent[] {
  const { kind, at, alerts, storm } = notification;
  if (kind !== "test" && storm === undefined) return alerts.map((alert) => alertEvent(alert, notification));
  const { title } = alertMessage(notification);
  const severity = storm === undefined ? "info" : "warning";
  const payload = {
    summary: title,
    source: "IntentVision",
    severity,
    timestamp: isoTime(at),
    custom_details: storm === "over" ? {} : { ...storm },
  } as const;
  return [{ event_action: ACTIONS[kind], dedup_key: storm === undefined ? TEST_KEY : STORM_KEY, client: "IntentVision", payload }];
}

function alertEvent(alert: Alert, notification: Notification): PagerdutyEvent {
  const { title, alerts } = alertMessage({ ...notification, alerts: [alert] });
  const { series, lines, links } = alerts[0]!;
  const event: PagerdutyEvent = {
    event_action: ACTIONS[notification.kind],
    dedup_key: alert.id ?? alert.instanceId,
    client: "IntentVision",
    ...(links.length === 0 ? {} : { links: links.map(({ name, url }) => ({ href: url, text: name })) }),
    payload: {
      summary: firstCodePoints(title, SUMMARY_LIMIT),
      source: firstCodePoints(series === "" ? alert.ruleName : series, SUMMARY_LIMIT),
      severity: alert.severity,
      timestamp: alert.startedAt ?? isoTime(notification.at),
      component: alert.series?.metricKey ?? alert.ruleName,
      group: firstCodePoints(alert.ruleName, SUMMARY_LIMIT),
      class: typeof alert.evidence["kind"] === "string" ? alert.evidence["kind"] : "alert",
      custom_details: {},
    },
  };
  return withDetails(event, alert, lines);
}

/** As many details as fit: what the rule's author wrote and the evidence go before the words. */
function withDetails(event: PagerdutyEvent, alert: Alert, lines: AlertText["lines"]): PagerdutyEvent {
  const { id, ruleId, value, startedAt, resolvedAt, labels, annotations, series, evidence } = alert;
  const facts = { alert: id, rule: ruleId, value, startedAt, resolvedAt };
  const words = { ...facts, what: lines };
  const choices = [{ ...words, dimensions: series?.dimensions ?? {}, labels, annotations, evidence }, { ...words, evidence }, words, facts];
  const written = choices.map((custom_details) => ({ ...event, payload: { ...event.payload, custom_details } }));
  return written.find((one) => Buffer.byteLength(JSON.stringify(one)) <= SIZE_LIMIT_BYTES) ?? event;
}

function firstCodePoints(text: string, most: number): string {
  const points = Array.from(text);
  return points.length <= most ? text : `${points.slice(0, most - 1).join("")}…`;
}
