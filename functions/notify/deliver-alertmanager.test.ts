import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SelectingRule } from "../../shared/contract/rule.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { startAlertmanagerReceiver } from "../../shared/testing/alertmanager-receiver.ts";
import type { AlertmanagerReceiver } from "../../shared/testing/alertmanager-receiver.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { getAlert } from "../alerts/get.ts";
import { testChannel } from "../channels/test-message.ts";

const MINUTE = 60_000;

let harness: Harness;
let receiver: AlertmanagerReceiver;
let receivers: { stop(): Promise<void> }[];
beforeEach(async () => {
  harness = await startHarness();
  receivers = [];
  receiver = await start();
});
afterEach(async () => {
  for (const one of receivers) await one.stop();
  harness.close();
});

async function start(options: { authorization?: string } = {}): Promise<AlertmanagerReceiver> {
  const one = await startAlertmanagerReceiver({ ...options, now: harness.clock.now });
  receivers.push(one);
  harness.answerFetch(createGuardedFetch({ allow: [one.host] }));
  return one;
}
const { hand, ring, deliveries, only, fireNow } = notifierOver(() => harness);
const push = (config: object = {}) => storeChannel(harness, { kind: "alertmanager", config: { url: receiver.base, ...config } });
const firing = () => receiver.firing(harness.clock.now()).map(({ labels: { host, severity } }) => `${host} ${severity}`);

test("what fires is pushed every three minutes until it ends, while others are told once", async () => {
  await push();
  await storeChannel(harness, { kind: "console" });
  const rule = await storeRule(harness);
  const alert = await fireNow(Promise.resolve(rule), { host: "a" });
  for (let minute = 1; minute <= 14; minute += 1) {
    await ring(START + minute * MINUTE);
    expect(firing()).toEqual(["a critical"]);
  }
  const pushes = receiver.requests();
  expect(pushes.map(({ at }) => (at - START) / MINUTE)).toEqual([0, 3, 6, 9, 12]);
  for (const { at, alerts } of pushes) {
    expect(alerts).toMatchObject([{ startsAt: new Date(START).toISOString(), endsAt: new Date(at + 12 * MINUTE).toISOString() }]);
  }
  expect(harness.printed).toHaveLength(1);
  // What is pushed again is no new notification.
  expect(await harness.call(getAlert, { id: alert })).toMatchObject({ notificationCount: 1 });

  await evaluate(harness, rule, { outcome: "false", value: 50 }, { host: "a" });
  await hand();
  await ring(START + 15 * MINUTE);
  expect(firing()).toEqual([]);
  await ring(START + 60 * MINUTE);
  expect(receiver.requests()).toHaveLength(6);
  expect(harness.printed).toHaveLength(2);
});

test("what nobody pushes any more ends by itself", async () => {
  await push();
  await fireNow();
  expect(receiver.firing(START + 12 * MINUTE - 1)).toHaveLength(1);
  expect(receiver.firing(START + 12 * MINUTE)).toEqual([]);
});

test("a warning that becomes critical is one alert, not two", async () => {
  await push();
  const rule = await storeRule(harness);
  await fire(harness, rule, { dimensions: { host: "a" } });
  await hand();
  await ring(START + MINUTE);
  expect(firing()).toEqual(["a warning"]);
  await evaluate(harness, rule, { outcome: "true", value: 99, severity: "critical" }, { host: "a" });
  await hand();
  await ring(START + 4 * MINUTE);
  expect(firing()).toEqual(["a critical"]);
});

describe("an alert whose labels change", () => {
  const changed = async (rule: SelectingRule, changes: Partial<SelectingRule>) => {
    const { rules, instances } = harness.deps.store.forOrg(harness.org);
    const next = { ...rule, ...changes, version: rule.version + 1 } as SelectingRule;
    expect(await rules.replace(next, { changes: [], keeps: "all", at: harness.clock.now() })).toBe(true);
    expect(await instances.ofRule(rule.id)).toHaveLength(1);
    return next;
  };
  const named = () =>
    receiver.firing(harness.clock.now()).map(({ labels: { alertname, severity, team } }) => [alertname, severity, team].join(" ").trim());

  test("is one alert, whether its severity falls or its rule is renamed or labelled", async () => {
    await push();
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule), { host: "a" });
    harness.clock.set(START + MINUTE);
    await evaluate(harness, rule, { outcome: "true", value: 92, severity: "warning" }, { host: "a" });
    await hand();
    await ring(START + 3 * MINUTE);
    expect(named()).toEqual(["CPU is high warning"]);
    const renamed = await changed(rule, { name: "CPU is busy", labels: { team: "db" } });
    harness.clock.set(START + 4 * MINUTE);
    await evaluate(harness, renamed, { outcome: "true", value: 92, severity: "critical" }, { host: "a" });
    await hand();
    await ring(START + 6 * MINUTE);
    expect(named()).toEqual(["CPU is busy critical db"]);
    await ring(START + 9 * MINUTE);
    expect(receiver.requests().at(-1)!.alerts).toHaveLength(1);
  });

  test("is ended under all the labels that a webhook was told, also by one that died before it knew that it was heard", async () => {
    const bodies: { status: string; alerts: { status: string; labels: { severity: string } }[] }[] = [];
    const answers = [200, 503, 200, 200];
    harness.answerFetch(async (_url, { body }) => {
      bodies.push(JSON.parse(String(body)) as (typeof bodies)[number]);
      return { status: answers.shift()!, headers: {}, body: "" };
    });
    await storeChannel(harness, { kind: "webhook", config: { url: "https://hooks.example/a", format: "alertmanager" } });
    const rule = await storeRule(harness);
    await fireNow(Promise.resolve(rule), { host: "a" });
    harness.clock.set(START + MINUTE);
    await evaluate(harness, rule, { outcome: "true", value: 92, severity: "warning" }, { host: "a" });
    await hand();
    harness.clock.set(START + 2 * MINUTE);
    await evaluate(harness, rule, { outcome: "false", value: 1 }, { host: "a" });
    await hand();
    await ring(START + 5 * MINUTE);
    await ring(START + 6 * MINUTE);
    const said = bodies.map(({ alerts }) => alerts.map(({ status, labels: { severity } }) => `${status} ${severity}`));
    expect(said).toEqual([["firing critical"], ["resolved warning", "resolved critical"], ["resolved warning", "resolved critical"]]);
  });
});

test("a message that was held up and gets through after a later one does not take that back", async () => {
  const open = new Map<string, string>();
  let isDown = true;
  harness.answerFetch(async (_url, { body }) => {
    if (isDown) return { status: 503, headers: {}, body: "" };
    const { alerts } = JSON.parse(String(body)) as { alerts: { status: string; labels: { host: string; severity: string } }[] };
    for (const { status, labels } of alerts) open.set(`${labels.host} ${labels.severity}`, status);
    return { status: 200, headers: {}, body: "" };
  });
  const stillOpen = () => [...open].flatMap(([labels, status]) => (status === "firing" ? [labels] : []));
  await storeChannel(harness, { kind: "webhook", config: { url: "https://hooks.example/a", format: "alertmanager" } });
  const rule = await storeRule(harness);
  for (const host of ["a", "b"]) await fire(harness, rule, { dimensions: { host } });
  await hand();
  await ring(START + MINUTE);
  await ring(START + 2 * MINUTE);
  await evaluate(harness, rule, { outcome: "true", value: 99, severity: "critical" }, { host: "a" });
  await evaluate(harness, rule, { outcome: "false", value: 1 }, { host: "b" });
  await hand();
  isDown = false;
  for (let minute = 3; minute < 20; minute += 1) await ring(START + minute * MINUTE);
  expect(stillOpen()).toEqual(["a critical"]);
  expect((await deliveries()).map(({ status }) => status).filter((status) => status === "waiting")).toEqual([]);

  await evaluate(harness, rule, { outcome: "false", value: 1 }, { host: "a" });
  await hand();
  for (let minute = 20; minute < 30; minute += 1) await ring(START + minute * MINUTE);
  expect(stillOpen()).toEqual([]);
});

describe("a receiver that wants to know who pushes", () => {
  test.each([
    [{ user: "iv", password: "grüezi" }, `Basic ${Buffer.from("iv:grüezi").toString("base64")}`],
    [{ token: "verysecret" }, "Bearer verysecret"],
  ])("is told by %j", async (how, authorization) => {
    receiver = await start({ authorization });
    await push(how);
    await fireNow();
    expect(receiver.firing(START)).toHaveLength(1);
  });

  test("and is not told is not asked again", async () => {
    receiver = await start({ authorization: "Bearer verysecret" });
    await push();
    await fireNow();
    expect(await only()).toMatchObject({ status: "dead", lastError: "The receiver answered 401" });
  });
});

test("one that is away for five minutes has everything again with the next push", async () => {
  await push();
  receiver.answerNext({ status: 503 }, 100);
  await fireNow();
  for (let seconds = 10; seconds < 170; seconds += 10) await ring(START + seconds * 1_000);
  expect(await only()).toMatchObject({ status: "dead", attempts: 5 });
  receivers.push((receiver = await startAlertmanagerReceiver({ now: harness.clock.now })));
  harness.answerFetch((url, request) => {
    const moved = new URL(url);
    moved.host = receiver.host;
    return createGuardedFetch({ allow: [receiver.host] })(moved.href, request);
  });
  await ring(START + 3 * MINUTE);
  expect(receiver.firing(START + 3 * MINUTE)).toHaveLength(1);
  expect((await deliveries()).map(({ status, payload: { reason } }) => `${reason}: ${status}`)).toEqual([
    "first: dead",
    "resend: delivered",
  ]);
});

test("a test is an alert for three minutes", async () => {
  const { id } = await push();
  await harness.call(testChannel, { id });
  await ring();
  expect(receiver.firing(START)).toMatchObject([{ labels: { alertname: "IntentVisionTest" } }]);
  expect(receiver.firing(START + 3 * MINUTE)).toEqual([]);
});
