import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DeliveryWithAttempts } from "../../shared/contract/channel.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite, MARK } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import { getDelivery } from "./get-delivery.ts";
import { replayDelivery } from "./replay-delivery.ts";

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

const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);
const hook = (more: object = {}) => storeChannel(harness, { kind: "webhook", config: { url: receiver.url }, ...more });
const read = async (id: string) => (await harness.call(getDelivery, { id })) as DeliveryWithAttempts;
const types = () => receiver.requests().map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe("attempts", () => {
  test("each is told with its time, status, error and the beginning of the answer, without the address, newest first", async () => {
    await hook();
    receiver.answerNext({ status: 503, body: `no room at ${receiver.url}` });
    await fireNow();
    await ring((await only()).nextAttemptAt!);
    const { id, nextAttemptAt: _, ...delivery } = await only();
    const { attemptLog, ...shown } = await read(id);
    expect(shown).toMatchObject({ id, status: "delivered", attempts: 2, replays: 0 });
    expect(delivery.status).toBe("delivered");
    expect(attemptLog).toMatchObject([
      { replay: 0, attempt: 2, durationMs: 0, status: 204, error: null, answer: null },
      {
        replay: 0,
        attempt: 1,
        at: "2026-11-20T10:00:00.000Z",
        durationMs: 0,
        status: 503,
        error: "The receiver answered 503",
        answer: "no room at [hidden]",
      },
    ]);
  });

  test("how long one took is from its lease to its end", async () => {
    await hook();
    harness.answerFetch(async () => {
      harness.clock.advance(1_234);
      return { status: 200, headers: {}, body: "a".repeat(5_000) };
    });
    await fireNow();
    const [attempt] = (await read((await only()).id)).attemptLog;
    expect(attempt).toMatchObject({ durationMs: 1_234, answer: "a".repeat(1_000) });
  });

  test("one whose sender died never ended", async () => {
    await hook();
    const rule = await storeRule(harness);
    await evaluate(harness, rule, { outcome: "true", value: 95, severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow();
    await ring(START + 30_000);
    const { attemptLog } = await read((await only()).id);
    expect(attemptLog).toMatchObject([
      { attempt: 2, durationMs: 0, status: 204 },
      { attempt: 1, durationMs: null, status: null, error: null, answer: null },
    ]);
  });

  test("another organisation sees none", async () => {
    await hook();
    await fireNow();
    const { id } = await only();
    await expect(harness.call(getDelivery, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(await harness.deps.store.forOrg(harness.otherOrg).deliveries.attempts(id)).toEqual([]);
  });
});

describe("202", () => {
  test("a dead message is sent again, with the id that it had and all its attempts before it", async () => {
    await hook();
    receiver.answerNext({ status: 404 });
    receiver.answerNext({ status: 500 });
    await fireNow();
    const { id } = await only();
    expect(await harness.call(replayDelivery, { id })).toMatchObject({ id, status: "waiting", attempts: 0 });
    expect(harness.alarms).toContain(START);
    await ring();
    expect(await only()).toMatchObject({ status: "waiting", attempts: 1, lastStatus: 500 });
    await ring((await only()).nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2, replays: 1 });
    expect(new Set(receiver.requests().map((request) => request.id)).size).toBe(1);
    expect((await read(id)).attemptLog.map(({ replay, attempt, status }) => [replay, attempt, status])).toEqual([
      [1, 2, 204],
      [1, 1, 500],
      [0, 1, 404],
    ]);
  });

  test("with a firing that is sent again comes the resolve that was given up without it", async () => {
    await hook();
    const rule = await storeRule(harness);
    receiver.answerNext({ status: 404 });
    await fireNow(Promise.resolve(rule));
    const { id } = await only();
    await evaluate(harness, rule, { at: START + 60_000, outcome: "false", value: 1 });
    await hand();
    await ring(START + 300_000);
    expect((await deliveries()).map(({ kind, status }) => [kind, status])).toEqual([
      ["firing", "dead"],
      ["resolved", "dead"],
    ]);
    await harness.call(replayDelivery, { id });
    for (let due = START + 300_000; due <= START + 310_000; due += 2_000) await ring(due);
    expect(types().at(-1)).toBe("alert.resolved");
    expect((await deliveries()).every(({ status }) => status === "delivered" || status === "dead")).toBe(true);
    expect((await deliveries()).at(-1)).toMatchObject({ kind: "resolved", status: "delivered" });
  });
});

describe("409", () => {
  test("what is not dead cannot be sent again: neither delivered, nor waiting, nor replayed already", async () => {
    await hook();
    await fireNow();
    const { id } = await only();
    await expect(harness.call(replayDelivery, { id })).rejects.toMatchObject({ kind: "conflict" });
  });

  test("of two replays one is refused", async () => {
    await hook();
    receiver.answerNext({ status: 404 });
    await fireNow();
    const { id } = await only();
    const both = await Promise.allSettled([harness.call(replayDelivery, { id }), harness.call(replayDelivery, { id })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await ring();
    expect(receiver.requests()).toHaveLength(2);
  });

  test("nothing is sent again on a channel that is switched off", async () => {
    const channel = await hook();
    receiver.answerNext({ status: 404 });
    await fireNow();
    await harness.deps.store.forOrg(harness.org).channels.replace({ ...channel, version: 2, enabled: false });
    await expect(harness.call(replayDelivery, { id: (await only()).id })).rejects.toMatchObject({ kind: "conflict" });
  });
});

describe("404", () => {
  test("a message of another organisation is answered like one that is missing", async () => {
    await hook();
    receiver.answerNext({ status: 404 });
    await fireNow();
    const { id } = await only();
    await expect(harness.call(replayDelivery, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(await only()).toMatchObject({ status: "dead" });
  });
});
