import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelRecord } from "../../shared/ports/alerting.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite, MARK } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../shared/testing/webhook-receiver.ts";

const SECOND = 1_000;
const LEASE = 30 * SECOND;

let harness: Harness;
let receiver: WebhookReceiver;
beforeEach(async () => {
  harness = await startHarness();
  receiver = await startWebhookReceiver();
  harness.answerFetch(createGuardedFetch({ allow: [receiver.host] }));
});
afterEach(async () => {
  await receiver.stop();
  harness.close();
});

const hook = () => storeChannel(harness, { kind: "webhook", config: { url: receiver.url } });
const store = () => harness.deps.store.forOrg(harness.org);
const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);

describe("a resolve", () => {
  const recover = async (rule: Awaited<ReturnType<typeof storeRule>>, dimensions: Record<string, string> = {}) => {
    await evaluate(harness, rule, { outcome: "false", value: 50 }, dimensions);
    await hand();
  };
  const flushAt = START + 300 * SECOND;
  const said = () =>
    receiver.messages().map(({ body }) => {
      const { type, data } = JSON.parse(body) as { type: string; data: { alerts: { id: string }[] } };
      return [type, data.alerts.map(({ id }) => id).toSorted()];
    });

  test("follows its firing, with the value, the duration and the same alert", async () => {
    await hook();
    const rule = await storeRule(harness);
    const alert = await fireNow(Promise.resolve(rule));
    harness.clock.advance(60 * SECOND);
    await recover(rule);
    await ring(flushAt);
    expect(said()).toEqual([
      ["alert.firing", [alert]],
      ["alert.resolved", [alert]],
    ]);
    expect(JSON.parse(receiver.messages()[1]!.body)).toMatchObject({
      data: {
        reason: "all resolved",
        alerts: [{ status: "resolved", value: 50, resolvedAt: "2026-11-20T10:01:00.000Z", reason: "recovered" }],
      },
    });
  });

  test("takes the place of a firing that never got through, also when it has to be sent again itself", async () => {
    await hook();
    receiver.answerNext({ status: 500 }, 3);
    const rule = await storeRule(harness);
    const alert = await fireNow(Promise.resolve(rule));
    await ring((await only()).nextAttemptAt!);
    harness.clock.advance(60 * SECOND);
    await recover(rule);
    await ring(flushAt);
    const [firing, resolved] = await deliveries();
    expect(firing).toMatchObject({ kind: "firing", status: "dead", lastError: expect.stringMatching(/the resolve tells both/) });
    expect(resolved).toMatchObject({ kind: "resolved", status: "waiting", attempts: 1 });
    await ring(resolved!.nextAttemptAt!);
    expect(said()).toEqual([["alert.resolved", [alert]]]);
  });

  test("waits for a firing that is being sent, which costs it no attempt", async () => {
    await hook();
    const rule = await storeRule(harness);
    await fire(harness, rule, { severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow();
    // The firing was sent but not marked; it is in work until its lease ends. So late, a group's interval is over in between.
    await store().deliveries.lease((await only()).id, "another worker", flushAt + LEASE, START + LEASE);
    harness.clock.set(START + LEASE);
    await recover(rule);
    await ring(flushAt);
    const resolved = async () => (await deliveries()).at(-1)!;
    expect(await resolved()).toMatchObject({ kind: "resolved", status: "waiting", attempts: 0, nextAttemptAt: flushAt + 2 * SECOND });
    await ring(flushAt + LEASE);
    await ring((await resolved()).nextAttemptAt!);
    expect(said().map(([type]) => type)).toEqual(["alert.firing", "alert.resolved"]);
    expect(await resolved()).toMatchObject({ status: "delivered", attempts: 1 });
  });

  test("takes its alert out of a firing that got through to nobody so far, which goes on to tell what still fires", async () => {
    await hook();
    receiver.answerNext({ status: 503, headers: { "Retry-After": "600" } });
    const rule = await storeRule(harness);
    const [a, b] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    await hand();
    await ring(START + 30 * SECOND);
    const { nextAttemptAt: retry } = await only();
    await recover(rule, { host: "a" });
    await ring(START + 330 * SECOND);
    expect(said()).toEqual([["alert.resolved", [a]]]);
    await ring(retry!);
    expect(said().slice(1)).toEqual([["alert.firing", [b]]]);
    await recover(rule, { host: "b" });
    await ring(retry! + 300 * SECOND);
    expect(said().slice(2)).toEqual([["alert.resolved", [b]]]);
    expect((await deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
  });

  test("that took its alert out of a firing tells both when it has to be sent again itself, also where that firing is dead by then", async () => {
    await hook();
    receiver.answerNext({ status: 503, headers: { "Retry-After": "600" } });
    receiver.answerNext({ status: 503, headers: { "Retry-After": "900" } });
    receiver.answerNext({ status: 400 });
    const rule = await storeRule(harness);
    const [a] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    await hand();
    await ring(START + 30 * SECOND);
    await recover(rule, { host: "a" });
    await ring(START + 330 * SECOND);
    await ring(START + 630 * SECOND);
    expect((await deliveries()).map(({ kind, status }) => `${kind} ${status}`)).toEqual(["firing dead", "resolved waiting"]);
    await ring(START + 1_230 * SECOND);
    expect(said()).toEqual([["alert.resolved", [a]]]);
  });

  describe("on a channel that a person has switched off", () => {
    const switchOff = (channel: ChannelRecord) => store().channels.replace({ ...channel, version: channel.version + 1, enabled: false });

    test("is sent where it closes what the channel was told, and nothing else is", async () => {
      const channel = await hook();
      await storeChannel(harness, { kind: "console" });
      const rule = await storeRule(harness);
      const alert = await fireNow(Promise.resolve(rule));
      await switchOff(channel);
      harness.clock.advance(60 * SECOND);
      const other = await storeRule(harness, { name: "Disk is full" });
      await fireNow(Promise.resolve(other), { host: "b" });
      await fire(harness, rule, { severity: "critical", dimensions: { host: "c" } });
      await recover(rule);
      await ring(flushAt);
      await recover(other, { host: "b" });
      await recover(rule, { host: "c" });
      await ring(flushAt + 300 * SECOND);
      expect(said()).toEqual([
        ["alert.firing", [alert]],
        ["alert.resolved", [alert]],
      ]);
    });

    test("is not sent where people read it", async () => {
      const channel = await storeChannel(harness, { kind: "console" });
      const rule = await storeRule(harness);
      await fireNow(Promise.resolve(rule));
      await switchOff(channel);
      harness.clock.advance(60 * SECOND);
      await recover(rule);
      await ring(flushAt);
      expect(harness.printed).toHaveLength(1);
      expect(await deliveries()).toHaveLength(1);
    });

    test("is not sent where its firing had not been tried, and takes in one that failed", async () => {
      const channel = await hook();
      const tried = await storeRule(harness);
      receiver.answerNext({ status: 503, headers: { "Retry-After": "3600" } });
      const alert = await fireNow(Promise.resolve(tried));
      const untried = await storeRule(harness, { name: "Disk is full" });
      await fire(harness, untried, { severity: "critical", dimensions: { host: "b" } });
      killWrite(harness, "before", "SET status = 'sending'");
      await expect(hand()).rejects.toThrow();
      await switchOff(channel);
      harness.clock.advance(60 * SECOND);
      await recover(tried);
      await recover(untried, { host: "b" });
      await ring(flushAt);
      expect(said()).toEqual([["alert.resolved", [alert]]]);
    });
  });

  test("is not sent where the firing died, nor tells of those whose firing did", async () => {
    await hook();
    const rule = await storeRule(harness);
    const a = await fireNow(Promise.resolve(rule), { host: "a" });
    receiver.answerNext({ status: 400 });
    await fire(harness, rule, { severity: "critical", dimensions: { host: "b" } });
    await hand();
    await ring(flushAt);
    expect((await deliveries()).at(-1)).toMatchObject({ kind: "firing", status: "dead" });
    await recover(rule, { host: "a" });
    await recover(rule, { host: "b" });
    await ring(flushAt + 300 * SECOND);
    expect(said()).toEqual([
      ["alert.firing", [a]],
      ["alert.resolved", [a]],
    ]);

    const other = await storeRule(harness);
    receiver.answerNext({ status: 400 });
    await fireNow(Promise.resolve(other));
    harness.clock.advance(SECOND);
    await recover(other);
    await ring(harness.clock.now() + 300 * SECOND);
    expect(said()).toHaveLength(2);
    expect((await deliveries()).at(-1)).toMatchObject({ kind: "resolved", status: "dead", lastError: "Its firing never got through" });
  });
});
