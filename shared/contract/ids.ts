import * as v from "valibot";

/** Ids are a three-letter prefix and 120 bits in base32hex (RFC 4648, section 7), lower case: 24 characters that sort like the bits. */
const id = <const Prefix extends string, const Brand extends string>(prefix: Prefix, brand: Brand) =>
  v.pipe(v.string(), v.regex(new RegExp(`^${prefix}_[0-9a-v]{24}$`), `Expected an id such as ${prefix}_...`), v.brand(brand));

export const OrgId = id("org", "OrgId");
export type OrgId = v.InferOutput<typeof OrgId>;
export const SeriesId = id("ser", "SeriesId");
export type SeriesId = v.InferOutput<typeof SeriesId>;
export const KeyId = id("key", "KeyId");
export type KeyId = v.InferOutput<typeof KeyId>;
export const ForecastId = id("fct", "ForecastId");
export type ForecastId = v.InferOutput<typeof ForecastId>;
export const ForecastJobId = id("fjb", "ForecastJobId");
export type ForecastJobId = v.InferOutput<typeof ForecastJobId>;
export const ForecastRunId = id("frn", "ForecastRunId");
export type ForecastRunId = v.InferOutput<typeof ForecastRunId>;
export const AnomalyId = id("ano", "AnomalyId");
export type AnomalyId = v.InferOutput<typeof AnomalyId>;
export const DetectionSettingsId = id("dse", "DetectionSettingsId");
export type DetectionSettingsId = v.InferOutput<typeof DetectionSettingsId>;
export const RuleId = id("rul", "RuleId");
export type RuleId = v.InferOutput<typeof RuleId>;
/** One condition of one rule: the rule and a series. What people see of it is an alert. */
export const InstanceId = id("ins", "InstanceId");
export type InstanceId = v.InferOutput<typeof InstanceId>;
/** An episode of an instance, from its first firing to its end. */
export const AlertId = id("alt", "AlertId");
export type AlertId = v.InferOutput<typeof AlertId>;
export const ChannelId = id("chn", "ChannelId");
export type ChannelId = v.InferOutput<typeof ChannelId>;
export const SilenceId = id("sil", "SilenceId");
export type SilenceId = v.InferOutput<typeof SilenceId>;
export const MuteWindowId = id("mwn", "MuteWindowId");
export type MuteWindowId = v.InferOutput<typeof MuteWindowId>;
export const InhibitionId = id("inh", "InhibitionId");
export type InhibitionId = v.InferOutput<typeof InhibitionId>;
export const GroupId = id("grp", "GroupId");
export type GroupId = v.InferOutput<typeof GroupId>;
export const DeliveryId = id("dlv", "DeliveryId");
export type DeliveryId = v.InferOutput<typeof DeliveryId>;
export const InboxMessageId = id("msg", "InboxMessageId");
export type InboxMessageId = v.InferOutput<typeof InboxMessageId>;
/** What somebody wrote about an alert. */
export const CommentId = id("cmt", "CommentId");
export type CommentId = v.InferOutput<typeof CommentId>;
/** Something that was changed in what is watched. */
export const ChangeEventId = id("chg", "ChangeEventId");
export type ChangeEventId = v.InferOutput<typeof ChangeEventId>;
export const DeadLetterId = id("dle", "DeadLetterId");
export type DeadLetterId = v.InferOutput<typeof DeadLetterId>;
export const EventId = v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.brand("EventId"));
export type EventId = v.InferOutput<typeof EventId>;

export type IdPrefix =
  | "org"
  | "ser"
  | "key"
  | "fct"
  | "fjb"
  | "frn"
  | "ano"
  | "dse"
  | "rul"
  | "ins"
  | "alt"
  | "chn"
  | "rte"
  | "sil"
  | "mwn"
  | "inh"
  | "grp"
  | "dlv"
  | "msg"
  | "cmt"
  | "chg"
  | "dle"
  | "evt";
