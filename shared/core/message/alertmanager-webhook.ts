import type { Alert } from "../../contract/alert.ts";
import type { IsoTime } from "../../contract/time.ts";
import type { Notification } from "./alert-message.ts";
import { endOf, formerOf, labelsOf, startOf, stormAlert, testAlert, wordsOf } from "./alertmanager.ts";
import type { AlertmanagerAlert, FormerLabels } from "./alertmanager.ts";

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
export function renderAlertmanagerWebhook(
  notification: Notification,
  receiver: string,
  former: FormerLabels = new Map(),
): AlertmanagerWebhookBody {
  const { kind, groupKey } = notification;
  const status = kind === "resolved" ? "resolved" : "firing";
  const alerts = alertsOf(notification, status, former);
  const commonLabels = common(alerts.map(({ labels }) => labels));
  const { alertname } = commonLabels;
  return {
    version: "4",
    groupKey: groupKey ?? (notification.storm === undefined ? "test" : "storm"),
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

/** Labels make an alert the one it is: where they have changed, severity for one, the alert as it was before is over. */
function alertsOf(notification: Notification, status: WebhookAlert["status"], former: FormerLabels): readonly WebhookAlert[] {
  const { kind, at, alerts, storm } = notification;
  if (storm !== undefined) return [ofItself(stormAlert(notification), status)];
  if (kind === "test") return [ofItself(testAlert(at), status)];
  return [
    ...alerts.map((alert) => sent(alert, notification, status)),
    ...alerts.flatMap((alert) => formerOf(alert, former).map((labels) => sent(alert, notification, "resolved", labels))),
  ];
}

function sent(alert: Alert, notification: Notification, status: WebhookAlert["status"], labels: Texts = labelsOf(alert)): WebhookAlert {
  const { annotations, generatorURL = "" } = wordsOf(alert, notification);
  const endsAt = status === "resolved" ? endOf(alert, notification.at) : NO_TIME;
  return { status, labels, annotations, startsAt: startOf(alert, notification.at), endsAt, generatorURL, fingerprint: fingerprint(labels) };
}

function ofItself({ labels, annotations, startsAt, endsAt }: AlertmanagerAlert, status: WebhookAlert["status"]): WebhookAlert {
  const end = status === "resolved" ? endsAt : NO_TIME;
  return { status, labels, annotations, startsAt, endsAt: end, generatorURL: "", fingerprint: fingerprint(labels) };
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
