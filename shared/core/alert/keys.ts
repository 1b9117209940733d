import type { AlertId, ChannelId, DeliveryId, GroupId, InstanceId, OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import { hashId } from "../hash-id.ts";
import type { Subject } from "./alert-record.ts";

/** The one route until routes are configured. */
export const ROOT_ROUTE = "root";

/**
 * The id of one condition of one rule; neither severity nor value is part of it.
 * @param of - The series, the values of the rule's `groupBy`, which side of the rule itself, or nothing more of a composite rule.
 */
export function instanceId(
  org: OrgId,
  rule: RuleId,
  of: SeriesId | { readonly group: Dimensions } | { readonly health: string } | Readonly<Record<string, never>>,
): InstanceId {
  return hashId("ins", [org, rule, of]);
}

/** The id of the instance that watches a series or a group for a rule. */
export const subjectInstanceId = (org: OrgId, rule: RuleId, { id, dimensions }: Subject): InstanceId =>
  instanceId(org, rule, id ?? { group: dimensions });

/**
 * The id of an episode.
 * @param startedAt - When it began firing, Unix ms: no instance starts two episodes at one time.
 */
export function alertId(instance: InstanceId, startedAt: number): AlertId {
  return hashId("alt", [instance, startedAt]);
}

/**
 * The id of a group of alerts that are told together.
 * @param groupBy - The values that the members share, by name; the root route's are `{rule}`.
 */
export function groupId(org: OrgId, route: string, groupBy: Readonly<Record<string, string>>): GroupId {
  return hashId("grp", [org, route, groupBy]);
}

/** What makes a notification the one it is. `flush` is the number of the group's flush that decided it, or the instance's version. */
export interface NotificationKey {
  readonly org: OrgId;
  readonly channel: ChannelId;
  readonly group: GroupId;
  readonly flush: number;
  readonly kind: "firing" | "resolved" | "acknowledged";
  readonly members: readonly AlertId[];
}

/** The id of a notification; the order of the members changes nothing. */
export function deliveryId({ org, channel, group, flush, kind, members }: NotificationKey): DeliveryId {
  return hashId("dlv", [org, channel, group, flush, kind, members.toSorted()]);
}

/**
 * The id of the message that a fallback channel gets for one that is dead: there is one, however often that dies.
 * @param alert - Where the channel has a message of each alert: which.
 */
export function fallbackDeliveryId(dead: DeliveryId, alert?: AlertId): DeliveryId {
  return hashId("dlv", [dead, "fallback", ...(alert === undefined ? [] : [alert])]);
}

/** The id of the message that tells a channel that a storm is over, Unix ms. */
export function stormOverDeliveryId(channel: ChannelId, overAt: number): DeliveryId {
  return hashId("dlv", [channel, "storm", overAt]);
}

/**
 * The `webhook-id` of a notification, the same at each attempt, so that a receiver can tell a repetition.
 * @see Standard Webhooks 1.0, "Webhook headers".
 */
export function webhookId(delivery: DeliveryId): string {
  return `msg_${delivery.slice("dlv_".length)}`;
}
