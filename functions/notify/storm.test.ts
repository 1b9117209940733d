import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId } from "../../shared/contract/ids.ts";
import type { SelectingRule } from "../../shared/contract/rule.ts";
import { createGuardedFetch } from "../../shared/net/guarded-fetch.ts";
import { storePolicy } from "../../shared/testing/alert-policies.ts";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import { startPagerdutyReceiver } from "../../shared/testing/pagerduty-receiver.ts";
import type { PagerdutyReceiver } from "../../shared/testing/pagerduty-receiver.ts";
import onEvent from "./event.ts";
import { getAlert } from "../alerts/get.ts";
import { listAlerts } from "../alerts/list.ts";

const ROUTING_KEY = "0123456789abcdefghijABCDEFGHIJ12";
const MINUTE = 60_000;
/** Of the 100 that a channel is told of where nothing else is said. */
const WARNINGS = 80;

let harness: Harness;
let receiver: PagerdutyReceiver;
beforeEach(async () => {
  receiver = await startPagerdutyReceiver({ routingKey: ROUTING_KEY });
  harness = await startHarness({ pagerdutyUrl: receiver.base });
  harness.answerFetch(createGuardedFetch({ allow: [receiver.host] }));
});
afterEach(async () => {
  await receiver.stop();
  harness.close();
});

const { hand, ring, deliveries } = notifierOver(() => harness);
const titles = () => harness.printed.map((text) => text.split("\n")[0]!);
async function fireMany(rule: SelectingRule, count: number, severity: "warning" | "critical" = "warning"): Promise<readonly AlertId[]> {
  const ids: AlertId[] = [];
  for (let n = 0; n < count; n++) ids.push(await fire(harness, rule, { severity, dimensions: { host: `h${n}` } }));
  await hand();
  return ids;
}
const recover = (rule: SelectingRule, host: string) => evaluate(harness, rule, { outcome: "false", value: 1 }, { host });
const suppressed = async () => ((await harness.call(listAlerts, { status: ["suppressed"] })) as { items: readonly Alert[] }).items;
/** Each minute's tick, up to some minute. */
async function pass(from: number, to: number): Promise<void> {
  for (let minute = from; minute <= to; minute++) await ring(START + minute * MINUTE);
}

test("beyond its limit a channel is told that there is a storm, and of those that still fire when there is room", async () => {
  const { id: channel } = await storeChannel(harness, { kind: "console", stormLimit: 100 });
  const rule = await storeRule(harness);
  const ids = await fireMany(rule, WARNINGS + 5);
  await pass(1, 1);
  expect(titles().toSorted()).toEqual([
    "Storm of alerts: 85 within 10 min; 5 and further ones are held back until fewer than 50 were told within 10 min; critical ones go first",
    `Warning: CPU is high on ${WARNINGS} series`,
  ]);
  const hidden = await suppressed();
  expect(hidden.map(({ suppressedBy }) => suppressedBy)).toEqual(Array.from({ length: 5 }, () => [`storm_limit:${channel}`]));
  const held = hidden.map(({ id }) => id!);

  // What ends before it was told is not told; a review of what hides alerts leaves the others as they are.
  const gone = ids.indexOf(held[0]!);
  await recover(rule, `h${gone}`);
  await storePolicy(harness, "silence", {
    matchers: [{ name: "host", op: "=", value: "none" }],
    author: "Ada",
    reason: "A new disk",
    startsAt: START,
    endsAt: START + 9_000 * MINUTE,
  });
  await hand();
  await pass(2, 10);
  expect(await harness.call(getAlert, { id: held[1]! })).toMatchObject({ status: "suppressed", suppressedBy: [`storm_limit:${channel}`] });
  expect(titles()).toHaveLength(2);

  await pass(11, 30);
  expect(titles().slice(2)).toEqual([`Warning: CPU is high on ${WARNINGS + 4} series`]);
  expect(await suppressed()).toEqual([]);
  const told = (await deliveries()).flatMap(({ alerts }) => alerts);
  expect(new Set(told)).toEqual(new Set(ids.filter((id) => id !== held[0])));
});

test("critical ones have room beside any number of warnings, and each that was told is resolved once", async () => {
  await storeChannel(harness, { kind: "pagerduty", config: { routingKey: ROUTING_KEY } });
  const flood = await storeRule(harness, { name: "Flood" });
  await fireMany(flood, WARNINGS + 3);
  await pass(1, 1);
  const storm = () => receiver.incidents().find(({ key }) => key === "intentvision-storm");
  expect(receiver.incidents()).toHaveLength(WARNINGS + 1);
  expect(storm()).toMatchObject({ status: "triggered", severity: "warning" });

  const outage = await storeRule(harness, { name: "Outage" });
  const [critical] = await fireMany(outage, 1, "critical");
  expect(receiver.incidents().find(({ key }) => key === critical)).toMatchObject({ status: "triggered" });

  harness.clock.advance(MINUTE);
  for (let n = 0; n < WARNINGS + 3; n++) await recover(flood, `h${n}`);
  await recover(outage, "h0");
  await hand();
  await pass(6, 25);
  expect(receiver.incidents()).toHaveLength(WARNINGS + 2);
  expect(receiver.incidents().filter(({ status }) => status !== "resolved")).toEqual([]);
  const resolves = receiver.requests().filter(({ event }) => (event as { event_action: string }).event_action === "resolve");
  expect(resolves).toHaveLength(WARNINGS + 2);
});

test("each channel has a limit of its own", async () => {
  await storeChannel(harness, { kind: "console", stormLimit: 1_000 });
  await storeChannel(harness, { kind: "inbox", stormLimit: 10 });
  await fireMany(await storeRule(harness), 120, "critical");
  await pass(5, 5);
  const told = (await deliveries()).map(({ alerts }) => alerts.length);
  expect(told.toSorted((a, b) => a - b)).toEqual([0, 1, 1, 10, 120]);
  expect((await deliveries()).every(({ status }) => status === "delivered")).toBe(true);
});

test("workers that tell many groups at the same moment do not go beyond the limit together", async () => {
  await storeChannel(harness, { kind: "inbox", stormLimit: 5 });
  for (let n = 0; n < 12; n++) await fire(harness, await storeRule(harness, { name: `Rule ${n}` }), { severity: "critical" });
  await Promise.all(harness.committed.splice(0).map((one) => harness.deliver(onEvent, one)));
  await Promise.all([ring(), ring(), ring()]);
  const told = async () => (await deliveries()).flatMap(({ alerts }) => alerts).length;
  expect(await told()).toBe(5);
  await pass(1, 9);
  expect(await told()).toBe(5);
  await pass(10, 10);
  expect(await told()).toBe(10);
  await pass(11, 20);
  expect(await told()).toBe(12);
  expect((await deliveries()).filter(({ payload }) => payload.reason === "storm")).toHaveLength(1);
});

test("two groups that are told at once share the limit of their channel", async () => {
  await storeChannel(harness, { kind: "inbox", stormLimit: 100 });
  for (const name of ["First", "Second"]) {
    const rule = await storeRule(harness, { name });
    for (let n = 0; n < 60; n++) await fire(harness, rule, { dimensions: { host: `h${n}` } });
  }
  await hand();
  await pass(1, 1);
  const told = (await deliveries()).flatMap(({ alerts }) => alerts);
  expect(told).toHaveLength(WARNINGS);
});
