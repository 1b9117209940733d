import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelId, DeliveryId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { serveEvent } from "../../shared/runtime/serve-event.ts";
import { fire, storeRule, testNotification } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite, MARK, tick } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startSlackReceiver } from "../../shared/testing/slack-receiver.ts";
import { startWebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../shared/testing/webhook-receiver.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const SECOND = 1_000;
const LEASE = 30 * SECOND;

let harness: Harness;
let receiver: WebhookReceiver;
let receivers: { stop(): Promise<void> }[];
beforeEach(async () => {
  harness = await startHarness();
  receiver = await startWebhookReceiver({ secret: SECRET, now: harness.clock.now });
  receivers = [receiver];
  const guarded = createGuardedFetch({ allow: [receiver.host] });
  harness.answerFetch((url, request) => guarded(url, { ...request, timeoutMs: 500 }));
});
afterEach(async () => {
  for (const one of receivers) await one.stop();
  harness.close();
});

const hook = (more: object = {}) => storeChannel(harness, { kind: "webhook", config: { url: receiver.url, secret: SECRET }, ...more });
const store = () => harness.deps.store.forOrg(harness.org);
const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);

describe("a webhook", () => {
  test("is signed, and says what fires", async () => {
    await hook();
    const alert = await fireNow();
    const [request] = receiver.requests();
    expect(request).toMatchObject({ signature: "valid", method: "POST", id: `msg_${(await only()).id.slice(4)}` });
    expect(JSON.parse(request!.body)).toMatchObject({
      type: "alert.firing",
      data: { alerts: [{ id: alert, status: "firing" }], reason: "first" },
    });
    expect(await only()).toMatchObject({ status: "delivered", attempts: 1, lastStatus: 204, lastError: null, deliveredAt: START });
  });

  test("without a secret carries its id all the same", async () => {
    const open = await startWebhookReceiver();
    receivers.push(open);
    harness.answerFetch(createGuardedFetch({ allow: [open.host] }));
    await storeChannel(harness, { kind: "webhook", config: { url: open.url } });
    await fireNow();
    expect(open.requests()).toMatchObject([{ id: `msg_${(await only()).id.slice(4)}` }]);
  });

  test.each([408, 425, 429, 500, 503, 302])(
    "that is answered %d is sent again when its time has come, with the same id",
    async (status) => {
      await hook();
      receiver.answerNext({ status, headers: { location: `${receiver.url}/elsewhere` } });
      await fireNow();
      const waiting = await only();
      expect(waiting).toMatchObject({ status: "waiting", attempts: 1, lastStatus: status, lastError: `The receiver answered ${status}` });
      expect(waiting.nextAttemptAt).toBeGreaterThanOrEqual(START + 5 * SECOND);
      expect(waiting.nextAttemptAt).toBeLessThanOrEqual(START + 6 * SECOND);
      expect(harness.alarms).toContain(waiting.nextAttemptAt);
      await ring(waiting.nextAttemptAt! - 1);
      expect(receiver.requests()).toHaveLength(1);
      await ring(waiting.nextAttemptAt!);
      expect(await only()).toMatchObject({ status: "delivered", attempts: 2, lastStatus: 204, lastError: null });
      const [first, second] = receiver.requests();
      expect(second).toMatchObject({ id: first!.id, body: first!.body, signature: "valid" });
    },
  );

  test.each([
    ["120", 120],
    [new Date(START + 300 * SECOND).toUTCString(), 300],
  ])("waits for as long as Retry-After says: %s", async (header, seconds) => {
    await hook();
    receiver.answerNext({ status: 503, headers: { "Retry-After": header } });
    await fireNow();
    expect((await only()).nextAttemptAt).toBe(START + seconds * SECOND);
  });

  test.each([400, 401, 404, 413])("that is answered %d is not sent again", async (status) => {
    await hook();
    receiver.answerNext({ status });
    await fireNow();
    expect(await only()).toMatchObject({ status: "dead", attempts: 1, lastStatus: status, nextAttemptAt: null });
    await ring(START + 3_600 * SECOND);
    expect(receiver.requests()).toHaveLength(1);
  });

  test("that is answered 410 takes its channel out of use", async () => {
    const { id } = await hook();
    receiver.answerNext({ status: 410 });
    await fireNow();
    expect(await only()).toMatchObject({ status: "dead", lastStatus: 410 });
    expect(await store().channels.get(id)).toMatchObject({ enabled: false, disabledReason: "Its receiver answered 410 Gone", version: 2 });
  });

  test.each([
    ["hang", /did not answer within/],
    ["cut", /cannot be reached/],
  ] as const)("whose connection is left to %s is sent again", async (sender, error) => {
    await hook();
    receiver.answerNext({ sender });
    await fireNow();
    const waiting = await only();
    expect(waiting).toMatchObject({ status: "waiting", lastStatus: null, lastError: expect.stringMatching(error) });
    await ring(waiting.nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
  });

  test("that fails for seventeen hours is dead, after seven attempts", async () => {
    await hook();
    receiver.answerNext({ status: 500 }, 10);
    await fireNow(storeRule(harness, { repeatInterval: "2d" }));
    for (let due = (await only()).nextAttemptAt; due !== null; due = (await only()).nextAttemptAt) await ring(due);
    expect(await only()).toMatchObject({ status: "dead", attempts: 7, lastStatus: 500 });
    expect(new Set(receiver.requests().map(({ id }) => id)).size).toBe(1);
  });
});

describe("an address that is not public", () => {
  test("is not called, and nothing says more of it than its host; nor do logs, events and rows say any secret", async () => {
    harness.answerFetch(createGuardedFetch({ allow: [] }));
    await hook();
    await fire(harness, await storeRule(harness), { severity: "critical" });
    const { runtime, logged } = startHttp(harness);
    for (const one of harness.committed.splice(0)) await serveEvent("notify", onEvent, one, runtime);
    await serveEvent("notify-due", onTick, tick(harness), runtime);
    expect(await only()).toMatchObject({ status: "dead", lastStatus: null, lastError: "127.0.0.1 is not on the public internet" });
    expect(receiver.connections()).toBe(0);

    harness.answerFetch(createGuardedFetch({ allow: [receiver.host] }));
    receiver.answerNext({ status: 500, body: SECRET });
    await fire(harness, await storeRule(harness), { severity: "critical", dimensions: { host: "b" } });
    for (const one of harness.committed.splice(0)) await serveEvent("notify", onEvent, one, runtime);
    await serveEvent("notify-due", onTick, tick(harness), runtime);
    expect(receiver.requests()).toHaveLength(1);

    const tables = await harness.database.read("SELECT name FROM sqlite_schema WHERE type = 'table'", {});
    const rows = [];
    for (const { name } of tables) rows.push(...(await harness.database.read(`SELECT * FROM "${name as string}"`, {})));
    expect(rows.length).toBeGreaterThan(4);
    const said = JSON.stringify([rows, logged, harness.committed]);
    expect(logged.length).toBeGreaterThan(0);
    for (const secret of [SECRET, SECRET.slice(6), new URL(receiver.url).pathname]) expect(said).not.toContain(secret);
  });
});

describe("workers", () => {
  test("one that dies between sending and marking leaves the message to another, which the receiver knows by its id", async () => {
    await hook();
    await fire(harness, await storeRule(harness), { severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow("1 parts of what is due failed");
    expect(receiver.messages()).toHaveLength(1);
    expect(await only()).toMatchObject({ status: "sending", attempts: 1, nextAttemptAt: START + LEASE });

    await ring(START + LEASE - 1);
    expect(receiver.requests()).toHaveLength(1);
    await ring(START + LEASE);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
    expect(receiver.requests()).toHaveLength(2);
    expect(receiver.messages()).toHaveLength(1);
    expect(receiver.duplicates()).toBe(1);
  });

  test("are held up by no receiver that hangs: neither by its first message nor by many of them", async () => {
    let release = () => {};
    const hanging = new Promise<void>((resolve) => (release = resolve));
    const asked = { hangs: 0, answers: 0 };
    harness.answerFetch(async (url) => {
      const host = url.includes("hangs") ? "hangs" : "answers";
      asked[host] += 1;
      if (host === "hangs") await hanging;
      return { status: 200, headers: {}, body: "" };
    });
    for (const name of ["hangs", "answers"]) {
      await storeChannel(harness, { name, kind: "webhook", config: { url: `https://${name}.example.com/` }, stormLimit: 1_000 });
    }
    for (let n = 0; n < 30; n++) await fire(harness, await storeRule(harness, { name: `Rule ${n}` }), { severity: "critical" });
    for (const one of harness.committed.splice(0)) await harness.deliver(onEvent, one);
    const ringing = ring();
    while (asked.answers < 30) await new Promise((resolve) => setImmediate(resolve));
    // So many at once, of one channel.
    expect(asked.hangs).toBe(8);
    release();
    await ringing;
    expect(asked).toEqual({ hangs: 30, answers: 30 });
    expect((await deliveries()).every(({ status, attempts }) => status === "delivered" && attempts === 1)).toBe(true);
  });

  test("that all die on a message do not send it for ever", async () => {
    await hook();
    await fire(harness, await storeRule(harness), { severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow();
    for (let n = 2; n <= 7; n += 1) {
      killWrite(harness, "before", MARK);
      await expect(ring((await only()).nextAttemptAt!)).rejects.toThrow();
    }
    expect(receiver.requests()).toHaveLength(7);
    await ring((await only()).nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "dead", lastError: "Its last attempt never ended" });
    expect(receiver.requests()).toHaveLength(7);
  });

  test("two at once send a message once", async () => {
    await hook();
    receiver.answerNext({ status: 500 });
    await fireNow();
    harness.clock.set((await only()).nextAttemptAt!);
    await Promise.all([ring(), ring(), ring()]);
    expect(receiver.requests()).toHaveLength(2);
    expect(receiver.duplicates()).toBe(0);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
  });

  test("one that is too slow loses its lease to another, and what it marks then is ignored", async () => {
    await hook();
    let answerSlowly = (_status: number) => {};
    let isCalled = () => {};
    const called = new Promise<void>((resolve) => (isCalled = resolve));
    const slow = new Promise<number>((resolve) => (answerSlowly = resolve));
    harness.answerFetch(async () => {
      isCalled();
      return { status: await slow, headers: {}, body: "" };
    });
    await fire(harness, await storeRule(harness), { severity: "critical" });
    const first = hand();
    await called;
    harness.answerFetch(async () => ({ status: 200, headers: {}, body: "" }));
    await ring(START + LEASE);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
    answerSlowly(400);
    await first;
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2, lastStatus: 200 });
  });

  test("one message that cannot be sent, for a fault of ours, holds up no other, and is tried again", async () => {
    const broken = await hook();
    await storeChannel(harness, { kind: "console" });
    await fire(harness, await storeRule(harness), { severity: "critical" });
    const { open } = harness.deps.secrets;
    harness.deps.secrets.open = () => {
      throw new Error("Sealed with a key that is not here");
    };
    await expect(hand()).rejects.toThrow("1 parts of what is due failed");
    expect(harness.printed).toHaveLength(1);
    const waiting = (await deliveries()).find(({ channel }) => channel === broken.id)!;
    expect(waiting).toMatchObject({ status: "waiting", attempts: 1, lastError: "It could not be sent" });

    harness.deps.secrets.open = open;
    await ring(waiting.nextAttemptAt!);
    expect(receiver.messages()).toHaveLength(1);
    expect(harness.printed).toHaveLength(1);
  });
});

describe("Slack", () => {
  test("takes the message, or what is not its ok is tried again", async () => {
    const slack = await startSlackReceiver({ now: harness.clock.now });
    receivers.push(slack);
    harness.answerFetch(createGuardedFetch({ allow: [slack.host] }));
    await storeChannel(harness, { kind: "slack", config: { url: slack.url } });
    slack.answerNext({ status: 200, body: `invalid_payload\nof ${slack.url}` });
    await fireNow();
    expect(await only()).toMatchObject({
      status: "waiting",
      lastStatus: 200,
      lastError: 'The receiver answered 200, and "invalid_payload of [hidden]" in place of "ok"',
    });
    await ring((await only()).nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
    expect(slack.requests().flatMap(({ faults }) => faults)).toEqual([]);
    expect(slack.requests().at(-1)!.message).toMatchObject({ text: expect.stringContaining("Critical: CPU is high") });
  });
});

describe("Slack takes one message a second of a channel", () => {
  const told: number[] = [];
  const startTelling = async (...names: string[]) => {
    told.length = 0;
    harness.answerFetch(async () => {
      told.push(harness.clock.now());
      return { status: 200, headers: {}, body: "ok" };
    });
    for (const name of names) await storeChannel(harness, { name, kind: "slack", config: { url: `https://hooks.slack.com/${name}` } });
  };
  const fireMany = async (n: number) => {
    for (let i = 0; i < n; i++) await fire(harness, await storeRule(harness, { name: `Rule ${i}` }), { severity: "critical" });
  };

  test("however many workers there are; the others wait for a time of their own, and no attempt counts", async () => {
    await startTelling("one");
    await fireMany(12);
    for (const one of harness.committed.splice(0)) await harness.deliver(onEvent, one);
    await Promise.all([ring(), ring(), ring()]);
    expect(told).toEqual([START]);
    const waiting = (await deliveries()).filter(({ status }) => status === "waiting");
    expect(waiting.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 11 }, () => 0));
    expect(waiting.map(({ nextAttemptAt }) => nextAttemptAt! - START).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 11 }, (_, place) => (place + 1) * SECOND),
    );
    // Three workers, awake every 300 ms.
    for (let now = START; now < START + 60 * SECOND; now += 300) await Promise.all([ring(now), ring(now), ring(now)]);
    expect(told).toHaveLength(12);
    expect(told.slice(1).every((at, place) => at - told[place]! >= SECOND)).toBe(true);
    expect((await deliveries()).every(({ status, attempts }) => status === "delivered" && attempts === 1)).toBe(true);
  });

  test("two channels do not wait for each other", async () => {
    await startTelling("one", "two");
    await fireMany(1);
    await hand();
    expect(told).toEqual([START, START]);
  });

  test("nobody waits for more than five minutes at a time, nor for a turn that a wrong clock has set", async () => {
    const { channels } = store();
    const { id } = await storeChannel(harness, { kind: "slack", config: { url: "https://hooks.slack.com/one" } });
    const turn = (now: number) => channels.takeTurn(id, { gapMs: SECOND, mostMs: 300 * SECOND, now });
    expect(await turn(START)).toBeNull();
    const waits: number[] = [];
    for (let n = 0; n < 320; n++) waits.push((await turn(START))! - START);
    expect(Math.max(...waits)).toBe(300 * SECOND);
    expect(new Set(waits.slice(0, 300)).size).toBe(300);
    expect(await turn(START - 3_600 * SECOND)).toBeNull();
  });
});

describe("channels within", () => {
  test("the inbox gets a message once, however often it is sent", async () => {
    await storeChannel(harness, { kind: "inbox" });
    await fire(harness, await storeRule(harness), { severity: "critical" });
    killWrite(harness, "before", MARK);
    await expect(hand()).rejects.toThrow();
    await ring(START + LEASE);
    expect(await only()).toMatchObject({ status: "delivered", attempts: 2 });
    expect((await store().inbox.list({ limit: 10 })).items).toHaveLength(1);
  });

  test("the console prints a message once", async () => {
    await storeChannel(harness, { kind: "console" });
    await fireNow();
    await Promise.all([ring(), ring(START + LEASE)]);
    expect(harness.printed).toHaveLength(1);
  });
});

describe("a channel that is switched off", () => {
  test("is not told, and what still was to be sent on it is dead", async () => {
    const channel = await hook();
    receiver.answerNext({ status: 500 });
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule));
    const { nextAttemptAt } = await only();
    expect(await store().channels.replace({ ...channel, version: 2, enabled: false })).toBe(true);
    await ring(nextAttemptAt!);
    expect(await only()).toMatchObject({ status: "dead", lastError: "The channel is switched off or gone" });
    await fireNow(Promise.resolve(rule), { host: "b" });
    await ring(START + 300 * SECOND);
    expect(receiver.requests()).toHaveLength(1);
    expect(await deliveries()).toHaveLength(1);
  });

  test("so is one that is gone", async () => {
    const id = hashId<DeliveryId>("dlv", ["one"]);
    const payload = testNotification(START);
    const channel = hashId<ChannelId>("chn", ["gone"]);
    await store().deliveries.insert({ id, channel, group: null, kind: "test", alerts: [], payload, nextAttemptAt: START }, START);
    await ring();
    expect(await only()).toMatchObject({ status: "dead", lastError: "The channel is switched off or gone" });
  });
});

describe("a test message", () => {
  test("is sent by the alarm", async () => {
    const channel = await hook();
    const id = hashId<DeliveryId>("dlv", ["one"]);
    const payload = testNotification(START);
    await store().deliveries.insert(
      { id, channel: channel.id, group: null, kind: "test", alerts: [], payload, nextAttemptAt: START },
      START,
    );
    await ring();
    expect(receiver.messages().map(({ body, signature }) => [(JSON.parse(body) as { type: string }).type, signature])).toEqual([
      ["test", "valid"],
    ]);
  });
});
