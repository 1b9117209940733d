import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelId, DeliveryId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { testNotification } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { getDelivery } from "./get-delivery.ts";

let harness: Harness;
const id = hashId<DeliveryId>("dlv", ["one"]);
beforeEach(async () => {
  harness = await startHarness();
  const channel = hashId<ChannelId>("chn", ["a"]);
  const delivery = { id, channel, group: null, kind: "test", alerts: [], payload: testNotification(START), nextAttemptAt: START } as const;
  await harness.deps.store.forOrg(harness.org).deliveries.insert(delivery, START);
});
afterEach(() => harness.close());

describe("200", () => {
  test("a delivery is answered without what it says", async () => {
    const answer = await harness.call(getDelivery, { id });
    expect(answer).toMatchObject({ id, kind: "test", status: "waiting", createdAt: "2026-11-20T10:00:00.000Z" });
    expect(answer).not.toHaveProperty("payload");
  });
});

describe("404", () => {
  test("a delivery of another organisation is answered like one that is missing", async () => {
    await expect(harness.call(getDelivery, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getDelivery, { id: `dlv_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
