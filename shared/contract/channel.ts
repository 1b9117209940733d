import * as v from "valibot";
import { Alert } from "./alert.ts";
import { AlertId, ChannelId, DeliveryId, InboxMessageId } from "./ids.ts";
import { name } from "./name.ts";
import { IsoTime, Time } from "./time.ts";

// Said without the value: it may be a secret.
const URL_MESSAGE = "Expected an http or https URL";
/** An address that a tenant gives. */
export const HttpUrl = v.pipe(v.string(), v.maxLength(2_048), v.url(URL_MESSAGE), v.regex(/^https?:\/\//, URL_MESSAGE));
const url = HttpUrl;
/** Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
const WebhookSecret = v.pipe(v.string(), v.regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, "Expected whsec_ and 24 to 64 bytes in base64"));
/** What a webhook's secret was before: until then messages are signed with it too, so that their receiver may learn the new one. */
const PreviousSecret = v.strictObject({ secret: WebhookSecret, until: Time });

const MOST_TOLD = 10_000;
const StormLimit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_TOLD));

export const ChannelName = name(100);
const common = {
  name: ChannelName,
  enabled: v.optional(v.boolean(), true),
  /** The channel that is told instead when a message on this one is dead. */
  fallback: v.optional(v.nullable(ChannelId), null),
  /** New alerts that it is told of within ten minutes, at most. */
  stormLimit: v.optional(StormLimit, 100),
};
/** Of those that wake nobody, and of an Alertmanager, which groups and limits by itself. */
const unhurried = { ...common, stormLimit: v.optional(StormLimit, MOST_TOLD) };
const none = v.optional(v.strictObject({}), {});

/** Of a service's integration "Events API v2". */
const RoutingKey = v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{32}$/, "Expected the 32 letters and digits of an Events API v2 integration"));

const EmailAddress = v.pipe(v.string(), v.maxLength(254), v.email("Expected an e-mail address"));
const Credential = v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,256}$/u, "Expected 1 to 256 characters, none of them a control character"));
const Token = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,4096}$/, "Expected 1 to 4,096 printable ASCII characters"));
/** A mail server of one's own. Without `security` port 465 speaks TLS from the start, and any other has to offer STARTTLS. */
const Smtp = v.pipe(
  v.strictObject({
    host: v.pipe(v.string(), v.maxLength(253), v.regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/, "Expected the name of a host")),
    port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    security: v.optional(v.picklist(["tls", "starttls", "none"])),
    user: v.optional(Credential),
    password: v.optional(Credential),
    from: EmailAddress,
  }),
  v.check(({ user, password }) => (user === undefined) === (password === undefined), "Expected both user and password, or neither"),
  v.check(({ security, password }) => security !== "none" || password === undefined, "A password is not sent without TLS"),
);

/** An account with Resend, and an address of a domain that was verified there. */
const Resend = v.strictObject({ apiKey: Token, from: EmailAddress });

/** An e-mail channel; one that names neither is the operator's to send. */
const EmailConfig = v.pipe(
  v.strictObject({
    to: v.pipe(v.array(EmailAddress), v.minLength(1), v.maxLength(20)),
    smtp: v.optional(Smtp),
    resend: v.optional(Resend),
  }),
  v.check(({ smtp, resend }) => smtp === undefined || resend === undefined, "Expected smtp or resend, not both"),
);

/** The address below which its `/api/v2/alerts` is, and how it wants to be signed in to. */
const AlertmanagerConfig = v.pipe(
  v.strictObject({ url, user: v.optional(Credential), password: v.optional(Credential), token: v.optional(Token) }),
  v.check(({ user, password }) => (user === undefined) === (password === undefined), "Expected both user and password, or neither"),
  v.check(({ user, token }) => user === undefined || token === undefined, "Expected a user or a token, not both"),
);

const kinds = <const Extra extends v.ObjectEntries>(extra: Extra) =>
  v.variant("kind", [
    v.strictObject({
      kind: v.literal("webhook"),
      config: v.strictObject({
        url,
        secret: v.optional(WebhookSecret),
        previous: v.optional(PreviousSecret),
        format: v.optional(v.picklist(["intentvision", "alertmanager"])),
      }),
      ...common,
      ...extra,
    }),
    v.strictObject({ kind: v.literal("slack"), config: v.strictObject({ url }), ...common, ...extra }),
    v.strictObject({ kind: v.literal("teams"), config: v.strictObject({ url }), ...common, ...extra }),
    v.strictObject({ kind: v.literal("alertmanager"), config: AlertmanagerConfig, ...unhurried, ...extra }),
    v.strictObject({
      kind: v.literal("pagerduty"),
      config: v.strictObject({ routingKey: RoutingKey, region: v.optional(v.picklist(["us", "eu"])) }),
      ...common,
      ...extra,
    }),
    v.strictObject({ kind: v.literal("email"), config: EmailConfig, ...common, ...extra }),
    v.strictObject({ kind: v.literal("inbox"), config: none, ...unhurried, ...extra }),
    v.strictObject({ kind: v.literal("console"), config: none, ...unhurried, ...extra }),
  ]);

/** A channel as a person writes it, its secrets in the clear. A new kind is one variant here, one renderer, one line in the send table. */
export const ChannelDefinition = kinds({});
/** The same with the id of the channel that it takes the place of. A webhook secret that is left out stays as it is. */
export const ChannelReplacement = kinds({ id: ChannelId });
export type ChannelDefinition = v.InferOutput<typeof ChannelDefinition>;
export type ChannelKind = ChannelDefinition["kind"];

/** A channel as the API answers it: of a URL the origin only, of a secret nothing. */
export const Channel = v.strictObject({
  id: ChannelId,
  name: ChannelName,
  kind: v.picklist(ChannelDefinition.options.map(({ entries }) => entries.kind.literal)),
  config: v.record(v.string(), v.string()),
  enabled: v.boolean(),
  disabledReason: v.nullable(v.string()),
  fallback: v.nullable(ChannelId),
  stormLimit: StormLimit,
  createdAt: IsoTime,
  updatedAt: IsoTime,
});
export type Channel = v.InferOutput<typeof Channel>;

/** The answer to a creation or a change: a webhook secret that we made is shown once. */
export const CreatedChannel = v.strictObject({ ...Channel.entries, secret: v.optional(v.string()) });
export type CreatedChannel = v.InferOutput<typeof CreatedChannel>;

export const DeliveryStatus = v.picklist(["waiting", "sending", "delivered", "dead"]);
export type DeliveryStatus = v.InferOutput<typeof DeliveryStatus>;

export const MessageKind = v.picklist(["firing", "acknowledged", "resolved", "test"]);
export type MessageKind = v.InferOutput<typeof MessageKind>;

/** One message for one channel, and how its sending went. */
export const Delivery = v.strictObject({
  id: DeliveryId,
  channelId: ChannelId,
  kind: MessageKind,
  alerts: v.array(AlertId),
  status: DeliveryStatus,
  attempts: v.number(),
  createdAt: IsoTime,
  nextAttemptAt: v.nullable(IsoTime),
  deliveredAt: v.nullable(IsoTime),
  lastStatus: v.nullable(v.number()),
  lastError: v.nullable(v.string()),
});
export type Delivery = v.InferOutput<typeof Delivery>;

/** One attempt at a delivery. The first after a replay is number 1 again, of the next `replay`. */
export const DeliveryAttempt = v.strictObject({
  replay: v.number(),
  attempt: v.number(),
  at: IsoTime,
  /** null while it lasts, and for ever where its sender died. */
  durationMs: v.nullable(v.number()),
  status: v.nullable(v.number()),
  error: v.nullable(v.string()),
  /** The first 1,000 characters of what the receiver answered; addresses and secrets are hidden. */
  answer: v.nullable(v.string()),
});
export type DeliveryAttempt = v.InferOutput<typeof DeliveryAttempt>;

/** A delivery with its newest attempts, newest first. */
export const DeliveryWithAttempts = v.strictObject({
  ...Delivery.entries,
  replays: v.number(),
  attemptLog: v.pipe(v.array(DeliveryAttempt), v.maxLength(100)),
});
export type DeliveryWithAttempts = v.InferOutput<typeof DeliveryWithAttempts>;

export const InboxMessage = v.strictObject({
  id: InboxMessageId,
  kind: MessageKind,
  title: v.string(),
  text: v.string(),
  /** As they were then. */
  alerts: v.array(Alert),
  createdAt: IsoTime,
  /** When somebody of the organisation read it; null while nobody has. */
  readAt: v.nullable(IsoTime),
});
export type InboxMessage = v.InferOutput<typeof InboxMessage>;
