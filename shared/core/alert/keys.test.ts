import { expect, test } from "@jest/globals";
import type { AlertId, ChannelId, GroupId, InstanceId, OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { alertId, deliveryId, groupId, instanceId, ROOT_ROUTE, webhookId } from "./keys.ts";

const [org, other] = [hashId<OrgId>("org", [1]), hashId<OrgId>("org", [2])];
const rule = hashId<RuleId>("rul", [1]);
const series = hashId<SeriesId>("ser", [1]);
const [a, b, c] = ["a", "b", "c"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId, AlertId];
const key = {
  org,
  channel: hashId<ChannelId>("chn", [1]),
  group: hashId<GroupId>("grp", [1]),
  flush: 3,
  kind: "firing",
  members: [a, b],
} as const;

test("labels that read alike when they are joined are different instances and different groups", () => {
  const joined = { a: "1,b=2" };
  const apart = { a: "1", b: "2" };
  expect(instanceId(org, rule, { group: joined })).not.toBe(instanceId(org, rule, { group: apart }));
  expect(groupId(org, ROOT_ROUTE, joined)).not.toBe(groupId(org, ROOT_ROUTE, apart));
});

test("the order of labels and of members changes no key", () => {
  expect(instanceId(org, rule, { group: { b: "2", a: "1" } })).toBe(instanceId(org, rule, { group: { a: "1", b: "2" } }));
  expect(groupId(org, ROOT_ROUTE, { b: "2", a: "1" })).toBe(groupId(org, ROOT_ROUTE, { a: "1", b: "2" }));
  expect(deliveryId({ ...key, members: [b, a] })).toBe(deliveryId(key));
});

test("the same key in two organisations is never the same id", () => {
  expect(instanceId(other, rule, series)).not.toBe(instanceId(org, rule, series));
  expect(groupId(other, ROOT_ROUTE, { rule })).not.toBe(groupId(org, ROOT_ROUTE, { rule }));
  expect(deliveryId({ ...key, org: other })).not.toBe(deliveryId(key));
});

test("an episode is its instance and its start", () => {
  const instance = instanceId(org, rule, series);
  expect(alertId(instance, 1)).toBe(alertId(instance, 1));
  expect(alertId(instance, 1)).not.toBe(alertId(instance, 2));
  expect(alertId(hashId<InstanceId>("ins", ["other"]), 1)).not.toBe(alertId(instance, 1));
});

test("each part of a notification is part of its key", () => {
  const ids = [
    key,
    { ...key, channel: hashId<ChannelId>("chn", [2]) },
    { ...key, group: hashId<GroupId>("grp", [2]) },
    { ...key, flush: 4 },
    { ...key, kind: "resolved" as const },
    { ...key, members: [a] },
    { ...key, members: [a, b, c] },
  ].map(deliveryId);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a webhook-id is as unique as its delivery and holds no dot, which would make the signed text ambiguous", () => {
  expect(webhookId(deliveryId(key))).toMatch(/^msg_[0-9a-v]{24}$/);
  expect(webhookId(deliveryId(key))).not.toBe(webhookId(deliveryId({ ...key, flush: 4 })));
});
