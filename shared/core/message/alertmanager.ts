import type { Alert } from "../../contract/alert.ts";
import type { AlertId } from "../../contract/ids.ts";
import type { IsoTime } from "../../contract/time.ts";
import { isoTime } from "../../contract/time.ts";
import { STORM_WINDOW_MS } from "../alert/storm.ts";
import { RESEND_EVERY_MS } from "../alert/telling.ts";
import { alertMessage } from "./alert-message.ts";
import type { Notification } from "./alert-message.ts";

/** An alert of which nothing was heard for so long is over: as Prometheus has it, four times the interval that it is sent again at. */
const VALID_FOR_MS = 4 * RESEND_EVERY_MS;
const STORM_VALID_FOR_MS = 6 * STORM_WINDOW_MS;

/** @see Prometheus Alertmanager, API v2, postableAlert. */
export interface AlertmanagerAlert {
  /** What makes it the alert that it is. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: IsoTime;
  /** In the future as long as it fires. */
  readonly endsAt: IsoTime;
  readonly generatorURL?: string;
}

/** The sets of labels under which a receiver may have an alert open, other than those that it has now. */
export type FormerLabels = ReadonlyMap<AlertId, readonly Labels[]>;
type Labels = Readonly<Record<string, string>>;

/**
 * What is pushed to an Alertmanager. Labels make an alert the one it is: where they have changed, severity for one, the alert as it was
 * before ends.
 */
export function renderAlertmanager(notification: Notification, former: FormerLabels = new Map()): readonly AlertmanagerAlert[] {
  const { kind, at, alerts, storm } = notification;
  if (storm !== undefined) return [stormAlert(notification)];
  if (kind === "test") return [testAlert(at)];
  const present = alerts.map((alert) => pushed(alert, notification));
  const ended = alerts.flatMap((alert) =>
    formerOf(alert, former).map((labels) => ({ ...pushed(alert, notification), labels, endsAt: endOf(alert, at) })),
  );
  return [...present, ...ended];
}

/** The other sets of labels under which an alert may be open. */
export const formerOf = ({ id }: Alert, former: FormerLabels): readonly Labels[] => (id === null ? [] : (former.get(id) ?? []));

/** It ends by itself where nobody says that it is over. */
export function stormAlert(notification: Notification): AlertmanagerAlert {
  const { at, storm } = notification;
  return {
    labels: { alertname: "IntentVisionStorm", severity: "warning" },
    annotations: { summary: alertMessage(notification).title },
    startsAt: isoTime(at),
    endsAt: isoTime(storm === "over" ? at : at + STORM_VALID_FOR_MS),
  };
}

function pushed(alert: Alert, notification: Notification): AlertmanagerAlert {
  const { kind, at } = notification;
  return {
    labels: labelsOf(alert),
    ...wordsOf(alert, notification),
    startsAt: startOf(alert, at),
    endsAt: kind === "resolved" ? endOf(alert, at) : isoTime(at + VALID_FOR_MS),
  };
}

/** An alert that fires until it would have been sent again. */
export function testAlert(at: number): AlertmanagerAlert {
  return {
    labels: { alertname: "IntentVisionTest", severity: "info" },
    annotations: { summary: "Test message from IntentVision: this channel works" },
    startsAt: isoTime(at),
    endsAt: isoTime(at + RESEND_EVERY_MS),
  };
}

/**
 * The labels of an alert: its dimensions, its rule's labels over them, and over these `alertname`, `severity`, `metric` and the instance's id,
 * without which two rules of one name would be one alert.
 */
export function labelsOf({ series, labels, ruleName, severity, instanceId }: Alert): Readonly<Record<string, string>> {
  const own = { alertname: ruleName, severity, metric: series?.metricKey ?? "", intentvision_instance: instanceId };
  return { ...prometheusNames(series?.dimensions ?? {}), ...prometheusNames(labels), ...own };
}

/** The annotations of an alert, with `summary` and `description` where its rule gives none, and where it is seen. */
export function wordsOf(alert: Alert, notification: Notification): Pick<AlertmanagerAlert, "annotations" | "generatorURL"> {
  const { ruleName, series, lines, links } = alertMessage({ ...notification, alerts: [alert] }).alerts[0]!;
  const said = { summary: `${ruleName} on ${series}`, description: lines.join("\n") };
  const seen = links.find(({ name }) => name === "Dashboard");
  return { annotations: { ...said, ...prometheusNames(alert.annotations) }, ...(seen === undefined ? {} : { generatorURL: seen.url }) };
}

/** When an alert began. */
export const startOf = ({ startedAt }: Alert, at: number): IsoTime => startedAt ?? isoTime(at);

/** When an alert ended; never before it began. */
export function endOf({ startedAt, resolvedAt }: Alert, at: number): IsoTime {
  const end = resolvedAt ?? isoTime(at);
  return startedAt !== null && startedAt > end ? startedAt : end;
}

/** Texts by names as Prometheus has them: letters, digits and underscores, no digit first. Empty ones are as good as none. */
function prometheusNames(texts: Readonly<Record<string, string>>): Record<string, string> {
  const written = Object.entries(texts).filter(([name, text]) => name !== "" && text !== "");
  return Object.fromEntries(
    written.map(([name, text]) => [name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_"), text.toWellFormed()]),
  );
}
