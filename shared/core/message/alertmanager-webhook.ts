import type { Alert } from "../../contract/alert.ts";
import type { IsoTime } from "../../contract/time.ts";
import type { Notification } from "./alert-message.ts";
import { endOf, labelsOf, startOf, testAlert, wordsOf } from "./alertmanager.ts";

/** What an Alertmanager writes for no time. */
const NO_TIME = "0001-01-01T00:00:00Z";

type Texts = Readonly<Record<string, string>>;

interface WebhookAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly startsAt: IsoTime;
  readonly endsAt: IsoTime;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

/** @see Prometheus Alertmanager, "Configuration", webhook_config: version 4. */
export interface AlertmanagerWebhookBody {
  readonly version: "4";
  readonly groupKey: string;
  readonly truncatedAlerts: 0;
  readonly status: "firing" | "resolved";
  readonly receiver: string;
  readonly groupLabels: Texts;
  readonly commonLabels: Texts;
  readonly commonAnnotations: Texts;
  readonly externalURL: string;
  readonly alerts: readonly WebhookAlert[];
}

/**
 * The body that an Alertmanager would send, for receivers that are made for one.
 * @param receiver - The channel's name.
 */
export function renderAlertmanagerWebhook(notification: Notification, receiver: string): AlertmanagerWebhookBody {
  const { kind, at, groupKey } = notification;
  const status = kind === "resolved" ? "resolved" : "firing";
  const present = kind === "test" ? [testOf(at)] : notification.alerts.map((alert) => sent(alert, notification, status));
  const alerts = [...present, ...endedBefore(notification)];
  const commonLabels = common(alerts.map(({ labels }) => labels));
  const { alertname } = commonLabels;
  return {
    version: "4",
    groupKey: groupKey ?? "test",
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels: alertname === undefined ? {} : { alertname },
    commonLabels,
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: "",
    alerts,
  };
}

/** Severity is one of the labels, which make an alert the one it is: where it was raised, the alert as it was before is over. */
function endedBefore(notification: Notification): readonly WebhookAlert[] {
  const { reason, alerts } = notification;
  if (reason !== "severity raised") return [];
  const raised = alerts.filter(({ severity }) => severity === "critical");
  return raised.map((alert) => sent({ ...alert, severity: "warning" }, notification, "resolved"));
}

function sent(alert: Alert, notification: Notification, status: WebhookAlert["status"]): WebhookAlert {
  const labels = labelsOf(alert);
  const { annotations, generatorURL = "" } = wordsOf(alert, notification);
  const endsAt = status === "resolved" ? endOf(alert, notification.at) : NO_TIME;
  return { status, labels, annotations, startsAt: startOf(alert, notification.at), endsAt, generatorURL, fingerprint: fingerprint(labels) };
}

function testOf(at: number): WebhookAlert {
  const { labels, annotations, startsAt } = testAlert(at);
  return { status: "firing", labels, annotations, startsAt, endsAt: NO_TIME, generatorURL: "", fingerprint: fingerprint(labels) };
}

/** What all of them say alike. */
function common([first, ...others]: readonly Texts[]): Texts {
  return Object.fromEntries(Object.entries(first ?? {}).filter(([name, text]) => others.every((one) => one[name] === text)));
}

/**
 * The id of a set of labels: FNV-1a over names and values in the order of the names, each with an end mark, 16 hexadecimal digits.
 * @see Prometheus common, model.LabelSet.Fingerprint.
 */
export function fingerprint(labels: Texts): string {
  let hash = 0xcbf29ce484222325n;
  const add = (byte: number) => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  };
  for (const name of Object.keys(labels).toSorted()) {
    for (const text of [name, labels[name]!]) {
      for (const byte of Buffer.from(text)) add(byte);
      add(0xff);
    }
  }
  return hash.toString(16).padStart(16, "0");
}
