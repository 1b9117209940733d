import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlertId } from "../../shared/contract/ids.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startPagerdutyReceiver } from "../../shared/testing/pagerduty-receiver.ts";
import type { PagerdutyReceiver } from "../../shared/testing/pagerduty-receiver.ts";
import { testChannel } from "../channels/test-message.ts";
import { acknowledgeAlert } from "../alerts/acknowledge.ts";

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let harness: Harness;
let receiver: PagerdutyReceiver;
beforeEach(async () => {
  receiver = await startPagerdutyReceiver({ routingKey: ROUTING_KEY });
  harness = await startHarness({ pagerdutyUrl: receiver.base });
  harness.answerFetch(createGuardedFetch({ allow: [receiver.host], timeoutMs: 500 }));
});
afterEach(async () => {
  await receiver.stop();
  harness.close();
});

const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);
const pagerduty = (config: object = {}) => storeChannel(harness, { kind: "pagerduty", config: { routingKey: ROUTING_KEY, ...config } });
const acknowledge = async (id: AlertId) => {
  await harness.call(acknowledgeAlert, { id, name: "Ada" });
  await hand();
};
const resolve = async (rule: Awaited<ReturnType<typeof storeRule>>, dimensions = {}) => {
  await evaluate(harness, rule, { outcome: "false", value: 50 }, dimensions);
  await hand();
};

test("an episode is one incident, from its trigger over its acknowledgement to its resolve", async () => {
  await pagerduty();
  const rule = await storeRule(harness, { labels: { team: "db" }, annotations: { runbook: "https://example.com/cpu" } });
  const alert = await fireNow(Promise.resolve(rule), { host: "a" });
  expect(receiver.incidents()).toEqual([
    { key: alert, status: "triggered", triggers: 1, severity: "critical", summary: "Critical: CPU is high on cpu{host=a}" },
  ]);
  expect(receiver.requests()[0]!.event).toMatchObject({
    routing_key: ROUTING_KEY,
    client: "IntentVision",
    payload: {
      source: "cpu{host=a}",
      component: "cpu",
      group: "CPU is high",
      timestamp: new Date(START).toISOString(),
      custom_details: {
        alert,
        rule: rule.id,
        value: 95,
        dimensions: { host: "a" },
        labels: { team: "db" },
        annotations: { runbook: "https://example.com/cpu" },
        what: expect.arrayContaining(["Value: 95"]),
      },
    },
  });
  harness.clock.advance(1_000);
  await acknowledge(alert);
  expect(receiver.incidents()).toMatchObject([{ status: "acknowledged" }]);
  harness.clock.advance(MINUTE);
  await resolve(rule, { host: "a" });
  await ring(START + 5 * MINUTE);
  expect(receiver.incidents()).toMatchObject([{ key: alert, status: "resolved", triggers: 1 }]);
  expect(await deliveries()).toMatchObject([
    { kind: "firing", alerts: [alert], status: "delivered", lastStatus: 202 },
    { kind: "acknowledged", alerts: [alert], status: "delivered" },
    { kind: "resolved", alerts: [alert], status: "delivered" },
  ]);
});

test("an alert that was taken on before anybody was told of it is an incident that somebody has taken on", async () => {
  await pagerduty();
  const rule = await storeRule(harness);
  const alert = await fire(harness, rule, { dimensions: { host: "a" } });
  await hand();
  await acknowledge(alert);
  expect(receiver.incidents()).toEqual([]);
  await ring(START + MINUTE);
  await ring(START + 2 * MINUTE);
  expect(receiver.incidents()).toMatchObject([{ key: alert, status: "acknowledged", triggers: 1 }]);
});

test("each alert of a group is an incident of its own; a new one beside it triggers itself alone, and each is resolved when it ends", async () => {
  await pagerduty();
  const rule = await storeRule(harness);
  const a = await fireNow(Promise.resolve(rule), { host: "a" });
  const b = await fire(harness, rule, { severity: "critical", dimensions: { host: "b" } });
  await hand();
  await ring(START + 5 * MINUTE);
  expect(receiver.incidents()).toMatchObject([
    { key: a, triggers: 1 },
    { key: b, triggers: 1 },
  ]);
  await resolve(rule, { host: "b" });
  await ring(START + 10 * MINUTE);
  expect(receiver.incidents().map(({ status }) => status)).toEqual(["triggered", "resolved"]);
});

test("a storm is an incident each, none lost and none twice, and so is its end", async () => {
  const { channels } = harness.deps.store.forOrg(harness.org);
  await channels.replace({ ...(await pagerduty()), version: 2, stormLimit: 1_000 });
  const rule = await storeRule(harness);
  const hosts = Array.from({ length: 200 }, (_, n) => ({ host: `h${n}` }));
  for (const dimensions of hosts) await fire(harness, rule, { dimensions });
  await hand();
  await ring(START + 30 * SECOND);
  expect(receiver.incidents().filter(({ triggers }) => triggers === 1)).toHaveLength(200);
  for (const dimensions of hosts) await evaluate(harness, rule, { outcome: "false", value: 50 }, dimensions);
  await hand();
  await ring(START + 330 * SECOND);
  expect(receiver.incidents().filter(({ status }) => status === "resolved")).toHaveLength(200);
});

test("a repeat goes into the incident that is there, a new episode makes a new one", async () => {
  await pagerduty();
  const rule = await storeRule(harness, { repeatInterval: "5m" });
  const alert = await fireNow(Promise.resolve(rule));
  await ring(START + 5 * MINUTE);
  expect(receiver.incidents()).toMatchObject([{ key: alert, status: "triggered", triggers: 2 }]);
  await resolve(rule);
  await ring(START + 10 * MINUTE);
  harness.clock.advance(MINUTE);
  const again = await fireNow(Promise.resolve(rule));
  expect(receiver.incidents()).toMatchObject([
    { key: alert, status: "resolved" },
    { key: again, status: "triggered" },
  ]);
});

test("a warning that becomes critical raises its incident", async () => {
  await pagerduty();
  const rule = await storeRule(harness);
  const alert = await fire(harness, rule);
  await hand();
  await ring(START + 30 * SECOND);
  expect(receiver.incidents()).toMatchObject([{ key: alert, severity: "warning" }]);
  harness.clock.advance(MINUTE);
  await evaluate(harness, rule, { outcome: "true", value: 99, severity: "critical" });
  await hand();
  await ring(START + 330 * SECOND);
  expect(receiver.incidents()).toMatchObject([{ key: alert, severity: "critical", triggers: 2 }]);
});

test.each([
  [429, "waiting"],
  [500, "waiting"],
  [400, "dead"],
])("an event that is answered %i is %s", async (status, then) => {
  await pagerduty();
  receiver.answerNext({ status, body: ROUTING_KEY });
  await fireNow();
  const delivery = await only();
  expect(delivery).toMatchObject({ status: then, lastStatus: status, lastError: `The receiver answered ${status}` });
  if (delivery.nextAttemptAt === null) return;
  await ring(delivery.nextAttemptAt);
  expect(receiver.incidents()).toMatchObject([{ status: "triggered", triggers: 1 }]);
});

test("an answer that got lost makes no second incident", async () => {
  await pagerduty();
  receiver.answerNext({ status: 202, sender: "cut" });
  await fireNow();
  await ring((await only()).nextAttemptAt!);
  expect(receiver.incidents()).toMatchObject([{ triggers: 2 }]);
});

describe("an acknowledgement", () => {
  test("has the annotations filled in, as its firing has", async () => {
    await pagerduty();
    const rule = await storeRule(harness, { annotations: { summary: "{{dimensions.host}} is at {{value}}" } });
    await acknowledge(await fireNow(Promise.resolve(rule), { host: "a" }));
    const details = { payload: { custom_details: { annotations: { summary: "a is at 95" } } } };
    expect(receiver.requests().map(({ event }) => event)).toMatchObject([details, { ...details, event_action: "acknowledge" }]);
  });

  test("is told once, however often its event comes", async () => {
    await pagerduty();
    const alert = await fireNow();
    await harness.call(acknowledgeAlert, { id: alert });
    const [event] = harness.committed;
    harness.committed.push(event!);
    await hand();
    expect(receiver.requests().map(({ event: sent }) => (sent as { event_action: string }).event_action)).toEqual([
      "trigger",
      "acknowledge",
    ]);
  });

  test("waits for its firing, and is not sent where that never got through", async () => {
    await pagerduty();
    receiver.answerNext({ status: 503, headers: { "Retry-After": "20" } });
    const alert = await fireNow();
    await acknowledge(alert);
    expect((await deliveries())[1]).toMatchObject({
      kind: "acknowledged",
      status: "waiting",
      attempts: 0,
      nextAttemptAt: START + 20 * SECOND,
    });
    await ring(START + 20 * SECOND);
    await ring(START + 22 * SECOND);
    expect(receiver.incidents()).toMatchObject([{ status: "acknowledged" }]);

    receiver.answerNext({ status: 400 });
    const other = await fireNow(undefined, { host: "b" });
    await acknowledge(other);
    const dead = (await deliveries()).filter(({ kind, status }) => kind === "acknowledged" && status === "dead");
    expect(dead).toMatchObject([{ alerts: [other], lastError: "Its firing never got through" }]);
  });

  test("is told to no channel that keeps no incidents, or has not been told of the alert", async () => {
    await storeChannel(harness, { kind: "console" });
    const alert = await fireNow();
    await pagerduty();
    await acknowledge(alert);
    expect(await deliveries()).toMatchObject([{ kind: "firing" }]);
    expect(receiver.requests()).toEqual([]);
  });
});

test("what falls back to it is a message of each alert", async () => {
  const spare = await pagerduty();
  const { channels } = harness.deps.store.forOrg(harness.org);
  await channels.replace({ ...spare, version: 2, enabled: false });
  harness.answerFetch(async (url, request) =>
    url.startsWith("https://hooks.example")
      ? { status: 404, headers: {}, body: "" }
      : createGuardedFetch({ allow: [receiver.host], timeoutMs: 500 })(url, request),
  );
  await storeChannel(harness, { kind: "webhook", config: { url: "https://hooks.example/a" }, fallback: spare.id });
  const rule = await storeRule(harness);
  for (const host of ["a", "b", "c"]) await fire(harness, rule, { dimensions: { host } });
  await hand();
  await ring(START + 30 * SECOND);
  await channels.replace({ ...spare, version: 3, enabled: true });
  const instead = (await deliveries()).filter(({ channel }) => channel === spare.id);
  expect(instead.map(({ alerts, payload }) => [alerts.length, payload.alerts.map(({ id }) => id)])).toEqual(
    instead.map(({ alerts }) => [1, alerts]),
  );
  expect(new Set(instead.flatMap(({ alerts }) => alerts)).size).toBe(3);
  await ring();
  await ring();
  expect(receiver.incidents()).toMatchObject([{ triggers: 1 }, { triggers: 1 }, { triggers: 1 }]);
});

test("a test is an incident of no importance, always the same", async () => {
  const { id } = await pagerduty();
  for (let n = 0; n < 2; n += 1) {
    await harness.call(testChannel, { id });
    await ring();
  }
  expect(receiver.incidents()).toMatchObject([{ severity: "info", triggers: 2, summary: expect.stringMatching(/test/i) }]);
});

test.each([
  ["us", "https://events.pagerduty.com/v2/enqueue"],
  ["eu", "https://events.eu.pagerduty.com/v2/enqueue"],
])("without an address of the operator's, events of an account in %s go to %s", async (region, address) => {
  harness.close();
  harness = await startHarness();
  const called: string[] = [];
  harness.answerFetch(async (url) => {
    called.push(url);
    return { status: 202, headers: {}, body: "" };
  });
  await pagerduty({ region });
  await fireNow();
  expect(called).toEqual([address]);
});
