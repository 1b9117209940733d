import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel, Delivery } from "../../shared/contract/channel.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { testChannel } from "./test-message.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const create = async (changes: object = {}) =>
  (await harness.call(createChannel, { name: "Here", kind: "inbox", ...changes })) as CreatedChannel;

describe("202", () => {
  test("a test message is due now, and asks to be sent at once", async () => {
    const { id } = await create();
    const delivery = (await harness.call(testChannel, { id })) as Delivery;
    expect(delivery).toMatchObject({
      channelId: id,
      kind: "test",
      alerts: [],
      status: "waiting",
      attempts: 0,
      nextAttemptAt: "2026-11-20T10:00:00.000Z",
    });
    expect(await harness.deps.store.platform.alerting.deliveries(START, { most: 10, ofChannel: 10 })).toMatchObject([
      { org: harness.org, id: delivery.id },
    ]);
    expect(harness.alarms).toEqual([START]);
    expect([testChannel.status, testChannel.location!(delivery as never)]).toEqual([202, `/api/v1/deliveries/${delivery.id}`]);
  });

  test("each test is a message of its own", async () => {
    const { id } = await create();
    const [one, two] = [(await harness.call(testChannel, { id })) as Delivery, (await harness.call(testChannel, { id })) as Delivery];
    expect(one.id).not.toBe(two.id);
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing", async () => {
    const { id } = await create();
    await expect(harness.call(testChannel, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(harness.alarms).toEqual([]);
  });
});

describe("409", () => {
  test("a disabled channel is not tested", async () => {
    const { id } = await create({ enabled: false });
    await expect(harness.call(testChannel, { id })).rejects.toMatchObject({ kind: "conflict" });
  });
});
