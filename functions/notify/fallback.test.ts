import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelId } from "../../shared/contract/ids.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite, MARK } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import { replaceRoutes } from "../alert-policies/replace-routes.ts";
import { replayDelivery } from "./replay-delivery.ts";

const MINUTE = 60_000;

let harness: Harness;
let receiver: WebhookReceiver;
beforeEach(async () => {
  harness = await startHarness();
  receiver = await startWebhookReceiver({ now: harness.clock.now });
  harness.answerFetch(createGuardedFetch({ allow: [receiver.host] }));
});
afterEach(async () => {
  await receiver.stop();
  harness.close();
});

const { hand, ring, deliveries, fireNow } = notifierOver(() => harness);
const channels = () => harness.deps.store.forOrg(harness.org).channels;
const hook = (name: string, more: object = {}) => storeChannel(harness, { name, kind: "webhook", config: { url: receiver.url }, ...more });
/** A channel that is told as a fallback only: it is enabled once the alert has been told. */
async function printer(name: string, more: object = {}) {
  const channel = await storeChannel(harness, { name, kind: "console", enabled: false, ...more });
  return { id: channel.id, enable: () => channels().replace({ ...channel, version: 2, enabled: true }) };
}
const outcomes = async () => (await deliveries()).map(({ status }) => status);

describe("a message that is dead", () => {
  test("goes to the fallback of its channel, which says who did not get it and why", async () => {
    const spare = await printer("Spare");
    await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 404 });
    await fireNow();
    await spare.enable();
    await ring();
    expect(harness.printed).toEqual([expect.stringContaining("This could not be delivered to Main: The receiver answered 404")]);
    expect(harness.printed[0]).toContain("Critical: CPU is high");
  });

  test("goes there once, whoever dies on the way, and however often it dies", async () => {
    const spare = await printer("Spare");
    await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 404 }, 3);
    const rule = await storeRule(harness);
    await evaluate(harness, rule, { outcome: "true", value: 95, severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow();
    expect(await outcomes()).toEqual(["sending"]);
    await spare.enable();
    await ring(START + 30_000);
    await ring();
    expect((await outcomes()).toSorted()).toEqual(["dead", "delivered"]);
    const dead = (await deliveries()).find(({ status }) => status === "dead")!;
    await harness.call(replayDelivery, { id: dead.id });
    await ring();
    await ring();
    expect((await outcomes()).toSorted()).toEqual(["dead", "delivered"]);
    expect(harness.printed).toHaveLength(1);
  });

  test("goes on to three channels at most, each saying all that failed", async () => {
    const last = await printer("Five");
    let next: ChannelId = last.id;
    const off = [];
    for (const name of ["Four", "Three", "Two"]) {
      const channel = await hook(name, { fallback: next, enabled: false });
      off.push(channel);
      next = channel.id;
    }
    receiver.answerNext({ status: 400 }, 10);
    await hook("One", { fallback: next });
    await fireNow();
    for (const channel of off) await channels().replace({ ...channel, version: 2, enabled: true });
    await last.enable();
    for (let n = 0; n < 6; n++) await ring();
    const all = await deliveries();
    expect(all).toHaveLength(4);
    expect(all.every(({ status }) => status === "dead")).toBe(true);
    expect(Math.max(...all.map(({ payload }) => payload.failed?.length ?? 0))).toBe(3);
    expect(all.find(({ payload }) => payload.failed?.length === 3)!.payload.failed).toEqual(
      ["One", "Two", "Three"].map((channel) => ({ channel, reason: "The receiver answered 400" })),
    );
    expect(harness.printed).toEqual([]);
  });

  test("goes nowhere from a channel that a person has switched off", async () => {
    const spare = await printer("Spare");
    const main = await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 500 });
    await fireNow();
    await spare.enable();
    await channels().replace({ ...main, version: 2, enabled: false });
    const [waiting] = await deliveries();
    await ring(waiting!.nextAttemptAt!);
    expect(await outcomes()).toEqual(["dead"]);
  });
});

describe("a channel whose receiver is gone", () => {
  test("hands on what it was sent and what it would be sent from now on", async () => {
    const spare = await printer("Spare");
    const { id } = await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 410 });
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule), { host: "a" });
    expect(await channels().get(id)).toMatchObject({ enabled: false });
    await spare.enable();
    await ring();
    expect(harness.printed).toHaveLength(1);
    const other = await storeRule(harness, { name: "Disk is full" });
    await fireNow(Promise.resolve(other), { host: "b" });
    await ring();
    expect(receiver.requests()).toHaveLength(1);
    const told = harness.printed.filter((text) => text.includes("Disk is full"));
    // Once as a channel of its own, once for the other.
    expect(told.filter((text) => text.includes("This could not be delivered to Main"))).toHaveLength(1);
    expect(told).toHaveLength(2);
  });
});

describe("the end of an alert", () => {
  test("follows its firing to the fallback", async () => {
    const spare = await printer("Spare");
    await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 404 }, 5);
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule));
    await spare.enable();
    await ring();
    expect(harness.printed).toHaveLength(1);
    await evaluate(harness, rule, { at: START + MINUTE, outcome: "false", value: 1 });
    await hand();
    await ring(START + 5 * MINUTE);
    await ring(START + 5 * MINUTE + 5_000);
    expect(harness.printed.filter((text) => text.startsWith("Resolved"))).not.toEqual([]);
  });

  test("that took its firing in and is dead itself tells the fallback of both", async () => {
    const spare = await printer("Spare");
    await hook("Main", { fallback: spare.id });
    receiver.answerNext({ status: 503, headers: { "Retry-After": "3600" } });
    receiver.answerNext({ status: 404 });
    await harness.call(replaceRoutes, { resolveAtOnce: true });
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule));
    harness.clock.advance(MINUTE / 2);
    await evaluate(harness, rule, { outcome: "false", value: 1 });
    await hand();
    await spare.enable();
    await ring();
    expect(harness.printed).toEqual([expect.stringContaining("This could not be delivered to Main: The receiver answered 404")]);
    expect(harness.printed[0]).toMatch(/^Resolved/);
  });
});
