import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ChannelRecord } from "../../shared/ports/alerting.ts";
import { evaluate, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";
import onTick from "./tick.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

let harness: Harness;
let channel: ChannelRecord;
beforeEach(async () => {
  harness = await startHarness();
  channel = await storeChannel(harness, { kind: "console" });
});
afterEach(() => harness.close());

const { hand, ring, deliveries, fireNow } = notifierOver(() => harness);
const hour = async (at: number) => {
  harness.clock.set(at);
  await harness.deliver(onTick, testEvent("tick.hour", null, {}, at));
};
const rows = async (table: string) => (await harness.database.read(`SELECT * FROM "${table}"`, {})).length;

test("deliveries go after ninety days with their attempts, those of an open alert once it has ended and they are as old", async () => {
  const rule = await storeRule(harness, { repeatInterval: "300d" });
  const open = await fireNow(Promise.resolve(rule), { host: "open" });
  const other = await storeRule(harness, { repeatInterval: "300d", name: "Other" });
  await fireNow(Promise.resolve(other), { host: "closed" });
  await evaluate(harness, other, { at: START + MINUTE, outcome: "false", value: 1 }, { host: "closed" });
  await hand();
  await ring(START + 5 * MINUTE);
  expect([await rows("delivery"), await rows("delivery_attempt"), await rows("delivery_firing")]).toEqual([3, 3, 2]);

  await hour(START + 90 * DAY);
  expect(await deliveries()).toHaveLength(3);
  await hour(START + 90 * DAY + 6 * MINUTE);
  expect((await deliveries()).map(({ alerts }) => alerts)).toEqual([[open]]);
  expect([await rows("delivery_attempt"), await rows("delivery_firing")]).toEqual([1, 1]);

  const ended = START + 91 * DAY;
  await evaluate(harness, rule, { at: ended, outcome: "false", value: 1 }, { host: "open" });
  harness.clock.set(ended);
  await hand();
  await ring(ended + 5 * MINUTE);
  expect(harness.printed.at(-1)).toMatch(/^Resolved/);
  await hour(ended + 91 * DAY);
  expect([await rows("delivery"), await rows("delivery_attempt"), await rows("delivery_firing")]).toEqual([0, 0, 0]);
});

test("what is still to be sent stays, however old", async () => {
  const { deliveries: store } = harness.deps.store.forOrg(harness.org);
  await fireNow();
  const [{ id, payload }] = (await deliveries()) as [Awaited<ReturnType<typeof deliveries>>[number]];
  const waiting = { id: `dlv_${id.slice(4).split("").toReversed().join("")}` as typeof id, channel: channel.id, group: null };
  await store.insert({ ...waiting, kind: "test", alerts: [], payload, nextAttemptAt: START + 200 * DAY }, START);
  await hour(START + 100 * DAY);
  expect((await deliveries()).map((one) => one.id)).toContain(waiting.id);
});
