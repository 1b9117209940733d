import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Delivery } from "../../shared/contract/channel.ts";
import type { AlertId, ChannelId, DeliveryId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { testNotification } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { getDelivery } from "./get-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const id = (name: string) => hashId<DeliveryId>("dlv", [name]);
const channel = (name: string) => hashId<ChannelId>("chn", [name]);
const store = () => harness.deps.store.forOrg(harness.org).deliveries;
const insert = (name: string, to: string, at: number) =>
  store().insert(
    {
      id: id(name),
      channel: channel(to),
      group: null,
      kind: "firing",
      alerts: [hashId<AlertId>("alt", ["a"])],
      payload: testNotification(at),
      nextAttemptAt: at,
    },
    at,
  );
const list = async (query: object = {}, options = {}) =>
  (await harness.call(listDeliveries, query, options)) as { items: Delivery[]; nextCursor: string | null };

describe("200", () => {
  test("deliveries come newest first, a page at a time", async () => {
    for (const [place, name] of ["one", "two", "three"].entries()) await insert(name, "a", START + place);
    const first = await list({ limit: "2" });
    const second = await list({ limit: "2", cursor: first.nextCursor });
    expect([...first.items, ...second.items].map((delivery) => delivery.id)).toEqual([id("three"), id("two"), id("one")]);
    expect(second.nextCursor).toBeNull();
  });

  test("they are filtered by status and channel", async () => {
    await insert("one", "a", START);
    await insert("two", "b", START);
    await store().lease(id("one"), "me", START + 1, START);
    await store().finish(id("one"), "me", { status: "delivered", at: START, lastStatus: 200 });
    for (const query of [{ status: "delivered" }, { channelId: channel("a") }]) {
      expect((await list(query)).items.map((delivery) => delivery.id)).toEqual([id("one")]);
    }
    expect((await list({ status: "waiting", channelId: channel("a") })).items).toEqual([]);
  });

  test("a delivery tells how its attempts went", async () => {
    await insert("one", "a", START);
    await store().lease(id("one"), "me", START + 30_000, START);
    expect((await list()).items).toMatchObject([{ status: "sending", attempts: 1, nextAttemptAt: null }]);
    await store().finish(id("one"), "me", { status: "retry", at: START + 5_000, lastStatus: 503, lastError: "The receiver answered 503" });
    expect(await harness.call(getDelivery, { id: id("one") })).toMatchObject({
      status: "waiting",
      attempts: 1,
      nextAttemptAt: "2026-11-20T10:00:05.000Z",
      deliveredAt: null,
      lastStatus: 503,
      lastError: "The receiver answered 503",
    });
  });

  test("another organisation sees none of them", async () => {
    await insert("one", "a", START);
    expect((await list({}, { org: harness.otherOrg })).items).toEqual([]);
  });
});
