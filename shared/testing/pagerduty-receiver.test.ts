import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../net/guarded-fetch.ts";
import { startPagerdutyReceiver } from "./pagerduty-receiver.ts";
import type { PagerdutyReceiver } from "./pagerduty-receiver.ts";

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const payload = { summary: "CPU is high", source: "cpu", severity: "critical" };
const trigger = { event_action: "trigger", routing_key: ROUTING_KEY, dedup_key: "a", payload };

let receiver: PagerdutyReceiver;
beforeEach(async () => {
  receiver = await startPagerdutyReceiver({ routingKey: ROUTING_KEY });
});
afterEach(() => receiver.stop());

const send = async (event: unknown) => {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  const fetch = createGuardedFetch({ allow: [receiver.host] });
  return (await fetch(receiver.url, { method: "POST", headers: { "content-type": "application/json" }, body })).status;
};
const act = (event_action: string, dedup_key = "a") => send({ event_action, routing_key: ROUTING_KEY, dedup_key });
const incidents = () => receiver.incidents().map(({ key, status, triggers }) => `${key} ${status} ${triggers}`);

test("what has one key is one incident until it is resolved", async () => {
  for (const _ of [1, 2]) expect(await send(trigger)).toBe(202);
  expect(incidents()).toEqual(["a triggered 2"]);
  await act("acknowledge");
  expect(incidents()).toEqual(["a acknowledged 2"]);
  await act("resolve");
  await send(trigger);
  await send({ ...trigger, dedup_key: "b" });
  expect(incidents()).toEqual(["a resolved 2", "a triggered 1", "b triggered 1"]);
});

test("what is not open is neither acknowledged nor resolved, and that is no error", async () => {
  expect([await act("acknowledge"), await act("resolve")]).toEqual([202, 202]);
  expect(incidents()).toEqual([]);
});

describe("refused is", () => {
  test.each<[string, unknown]>([
    ["what is no JSON", "{"],
    ["another key", { ...trigger, routing_key: ROUTING_KEY.toLowerCase() }],
    ["a key that is none", { ...trigger, routing_key: "short" }],
    ["another action", { ...trigger, event_action: "suppress" }],
    ["a trigger without a payload", { ...trigger, payload: undefined }],
    ["a resolve without a dedup_key", { event_action: "resolve", routing_key: ROUTING_KEY }],
    ["a dedup_key of 256 characters", { ...trigger, dedup_key: "a".repeat(256) }],
    ["a summary of 1,025 characters", { ...trigger, payload: { ...payload, summary: "𝔸".repeat(1_025) } }],
    ["no source", { ...trigger, payload: { ...payload, source: "" } }],
    ["another severity", { ...trigger, payload: { ...payload, severity: "high" } }],
    ["a time that is none", { ...trigger, payload: { ...payload, timestamp: "now" } }],
    ["512 KB", { ...trigger, payload: { ...payload, custom_details: { long: "x".repeat(512 * 1_024) } } }],
  ])("%s", async (_what, event) => {
    expect(await send(event)).toBe(400);
    expect([incidents(), receiver.requests()[0]!.taken, receiver.requests()[0]!.faults.length > 0]).toEqual([[], false, true]);
  });

  test("nothing of 1,024 characters outside of the basic plane", async () => {
    expect(await send({ ...trigger, payload: { ...payload, summary: "𝔸".repeat(1_024) } })).toBe(202);
  });
});
