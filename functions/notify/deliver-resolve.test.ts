import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite } from "../../shared/testing/evaluation.ts";
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
    killWrite(harness, "before", 4);
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

  test("does not give up a firing that also tells of what still fires", async () => {
    await hook();
    receiver.answerNext({ status: 500 });
    const rule = await storeRule(harness);
    const [a, b] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    await hand();
    receiver.answerNext({ status: 503, headers: { "Retry-After": "600" } });
    await ring(START + 30 * SECOND);
    await ring((await only()).nextAttemptAt!);
    const { nextAttemptAt: retry } = await only();
    await recover(rule, { host: "a" });
    await ring(START + 330 * SECOND);
    expect(said()).toEqual([]);
    await ring(retry!);
    await ring((await deliveries()).at(-1)!.nextAttemptAt ?? retry!);
    expect(said()).toEqual([
      ["alert.firing", [a, b].toSorted()],
      ["alert.resolved", [a]],
    ]);
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
