import type { ChannelKind } from "../../shared/contract/channel.ts";
import type { DeliveryId, OrgId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { classifyResponse } from "../../shared/core/alert/retry.ts";
import { webhookId } from "../../shared/core/alert/keys.ts";
import type { ResponseClass } from "../../shared/core/alert/retry.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import { renderAlertmanagerWebhook } from "../../shared/core/message/alertmanager-webhook.ts";
import { renderAlertmanager } from "../../shared/core/message/alertmanager.ts";
import { renderEmail } from "../../shared/core/message/email.ts";
import { hideSecrets } from "../../shared/core/message/hide-secrets.ts";
import { oneLine, seriesText } from "../../shared/core/message/plain-text.ts";
import { renderers } from "../../shared/core/message/render.ts";
import { signWebhook } from "../../shared/core/message/webhook-signature.ts";
import { notificationChart } from "../../shared/ports/alert-chart.ts";
import type { ChannelRecord } from "../../shared/ports/alerting.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import type { MailImage } from "../../shared/ports/mail.ts";
import type { Deps, OutgoingRequest } from "../../shared/ports.ts";
import { endFormerLabels } from "./former-labels.ts";

/** One message on its way to one channel. */
export interface Sending {
  readonly org: OrgId;
  readonly delivery: DeliveryId;
  readonly channel: ChannelRecord;
  readonly notification: Notification;
  /** Unix ms. */
  readonly now: number;
}

/** How a sending went. */
export interface Sent {
  readonly outcome: ResponseClass;
  /** The HTTP status; null where there was none. */
  readonly status: number | null;
  readonly error: string | null;
  /** What the receiver asked for; null where it did not. */
  readonly retryAfterMs: number | null;
  /** What the receiver answered, secrets and all: left out where it was not asked over a network. */
  readonly answer?: string;
}

/** Receivers answer within so long, or are asked again. A lease on a delivery is at least three times as long. */
export const SEND_TIMEOUT_MS = 10_000;
const DELIVERED: Sent = { outcome: "delivered", status: null, error: null, retryAfterMs: null };

type Send = (sending: Sending, deps: Deps) => Promise<Sent>;

/** How each kind of channel is reached: one line a kind. */
const SENDERS: Readonly<Record<ChannelKind, Send>> = {
  webhook: sendWebhook,
  slack: sendSlack,
  pagerduty: sendPagerduty,
  email: sendEmail,
  teams: sendTeams,
  alertmanager: pushToAlertmanager,
  inbox: putIntoInbox,
  console: print,
};

/** Sends one message; a receiver that fails is an outcome, not an error. */
export const send: Send = (sending, deps) => SENDERS[sending.channel.kind](sending, deps);

async function sendWebhook(sending: Sending, deps: Deps): Promise<Sent> {
  const { org, channel, notification } = sending;
  const { format } = openConfig(deps.secrets, org, { ...channel, kind: "webhook" });
  if (format !== "alertmanager") return callWebhook(sending, renderers.webhook(notification), deps);
  return endFormerLabels(sending, deps, (told, former) =>
    callWebhook(sending, renderAlertmanagerWebhook(told, channel.name, former), deps),
  );
}

async function callWebhook({ org, delivery, channel, now }: Sending, content: object, deps: Deps): Promise<Sent> {
  const { url, secret, previous } = openConfig(deps.secrets, org, { ...channel, kind: "webhook" });
  const body = JSON.stringify(content);
  const message = { id: webhookId(delivery), timestamp: Math.floor(now / 1_000) };
  const headers =
    secret === undefined
      ? { "webhook-id": message.id, "webhook-timestamp": String(message.timestamp) }
      : signWebhook({ ...message, body, secrets: previous !== undefined && now < previous.until ? [secret, previous.secret] : [secret] });
  return post("webhook", url, { body, headers: { ...headers } }, deps);
}

/** Of an answer that is no `ok`, characters that the error quotes. */
const QUOTED = 100;

async function sendSlack({ org, channel, notification }: Sending, deps: Deps): Promise<Sent> {
  const config = openConfig(deps.secrets, org, { ...channel, kind: "slack" });
  const sent = await post("slack", config.url, { body: JSON.stringify(renderers.slack(notification)) }, deps);
  if (sent.outcome === "delivered" || sent.status === null || sent.status < 200 || sent.status >= 300) return sent;
  const quoted = oneLine(hideSecrets(sent.answer ?? "", config, QUOTED)).trim();
  return { ...sent, error: `The receiver answered ${sent.status}, and ${quoted === "" ? "nothing" : `"${quoted}"`} in place of "ok"` };
}

const PAGERDUTY_URLS = { us: "https://events.pagerduty.com", eu: "https://events.eu.pagerduty.com" } as const;

/** One event an alert, until one fails: PagerDuty knows those that it has by their keys. */
async function sendPagerduty({ org, channel, notification }: Sending, deps: Deps): Promise<Sent> {
  const { routingKey, region = "us" } = openConfig(deps.secrets, org, { ...channel, kind: "pagerduty" });
  const url = `${deps.pagerdutyUrl ?? PAGERDUTY_URLS[region]}/v2/enqueue`;
  let sent = DELIVERED;
  for (const event of renderers.pagerduty(notification)) {
    sent = await post("pagerduty", url, { body: JSON.stringify({ routing_key: routingKey, ...event }) }, deps);
    if (sent.outcome !== "delivered") break;
  }
  return sent;
}

/** Alerts of one message that it is filed under. */
const MOST_THREADS = 20;

async function sendEmail({ org, delivery, channel, notification }: Sending, deps: Deps): Promise<Sent> {
  const { to, smtp, resend } = openConfig(deps.secrets, org, { ...channel, kind: "email" });
  const server = smtp === undefined ? null : { ...smtp, security: smtp.security ?? (smtp.port === 465 ? "tls" : "starttls") };
  const by = resend === undefined ? server : { provider: "resend" as const, ...resend };
  const threads = notification.alerts.slice(0, MOST_THREADS).flatMap(({ id }) => id ?? []);
  const images = await chartsOf(org, notification, deps);
  const message = { id: delivery, threads, to, ...renderEmail(notification, images), images };
  return orUnavailable(async () => {
    const { retryAfter: header, ...answer } = await deps.mail(message, by, { timeoutMs: SEND_TIMEOUT_MS });
    return { ...answer, retryAfterMs: retryAfter(header, deps.clock.now()) };
  });
}

/** A picture of the first alert of a message, where one can be drawn. */
async function chartsOf(
  org: OrgId,
  { kind, alerts }: Notification,
  deps: Deps,
): Promise<readonly (MailImage & { readonly alt: string })[]> {
  const [first] = alerts;
  if (kind === "test" || first?.id == null) return [];
  const content = await notificationChart(org, first.id, deps);
  if (content === null) return [];
  return [
    { cid: `${first.id}@chart`, filename: "chart.png", contentType: "image/png", content, alt: `Chart of ${seriesText(first.series)}` },
  ];
}

async function sendTeams({ org, channel, notification }: Sending, deps: Deps): Promise<Sent> {
  const { url } = openConfig(deps.secrets, org, { ...channel, kind: "teams" });
  return post("teams", url, { body: JSON.stringify(renderers.teams(notification)) }, deps);
}

async function pushToAlertmanager(sending: Sending, deps: Deps): Promise<Sent> {
  const { org, channel } = sending;
  const { url, user, password, token } = openConfig(deps.secrets, org, { ...channel, kind: "alertmanager" });
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, "")}/api/v2/alerts`;
  const basic = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}`;
  const authorization = token === undefined ? basic : `Bearer ${token}`;
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return endFormerLabels(sending, deps, (told, former) =>
    post("alertmanager", address.href, { body: JSON.stringify(renderAlertmanager(told, former)), headers }, deps),
  );
}

async function putIntoInbox({ org, delivery, channel, notification, now }: Sending, { store }: Deps): Promise<Sent> {
  await store.forOrg(org).inbox.insert({ delivery, channel: channel.id, ...renderers.inbox(notification), at: now });
  return DELIVERED;
}

async function print({ notification }: Sending, deps: Deps): Promise<Sent> {
  deps.print(renderers.console(notification));
  return DELIVERED;
}

async function post(
  kind: ChannelKind,
  url: string,
  { body, headers }: Pick<OutgoingRequest, "body" | "headers">,
  { fetch, clock }: Deps,
): Promise<Sent> {
  return orUnavailable(async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "User-Agent": "IntentVision", ...headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs: SEND_TIMEOUT_MS,
    });
    const outcome = classifyResponse(kind, response.status, response.body);
    const error = outcome === "delivered" ? null : `The receiver answered ${response.status}`;
    const retryAfterMs = retryAfter(response.headers["retry-after"], clock.now());
    return { outcome, status: response.status, error, retryAfterMs, answer: response.body };
  });
}

/** How a call went, or that it got no answer. */
async function orUnavailable(call: () => Promise<Sent>): Promise<Sent> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { outcome: error.retryable ? "retry" : "final", status: null, error: error.message, retryAfterMs: null };
  }
}

/** Seconds, or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
