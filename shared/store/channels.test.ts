import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelId, DeliveryId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { MAX_CHANNELS } from "../ports/alerting.ts";
import type { ChannelRecord } from "../ports/alerting.ts";
import { testNotification } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const tenant = () => harness.deps.store.forOrg(harness.org);
  const channel = (name: string, changes: Partial<ChannelRecord> = {}): ChannelRecord => ({
    id: hashId<ChannelId>("chn", [name]),
    version: 1,
    name,
    kind: "webhook",
    shown: { url: "https://example.com" },
    sealed: "sealed",
    enabled: true,
    disabledReason: null,
    fallback: null,
    stormLimit: 20,
    createdAt: START,
    updatedAt: START,
    ...changes,
  });

  test("a stored channel reads back as it was", async () => {
    expect(await tenant().channels.insert(channel("one"))).toBe(true);
    expect(await tenant().channels.get(channel("one").id)).toEqual(channel("one"));
  });

  test("channels are listed a page at a time, and those that are enabled all at once", async () => {
    for (const name of ["one", "two"]) await tenant().channels.insert(channel(name));
    await tenant().channels.insert(channel("off", { enabled: false }));
    const first = await tenant().channels.list({ limit: 2 });
    const second = await tenant().channels.list({ limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...second.items].map(({ name }) => name).toSorted()).toEqual(["off", "one", "two"]);
    expect((await tenant().channels.enabled()).map(({ name }) => name).toSorted()).toEqual(["one", "two"]);
  });

  test("the channel beyond the most that an organisation may have is refused", async () => {
    for (let n = 0; n < MAX_CHANNELS; n += 1) expect(await tenant().channels.insert(channel(String(n)))).toBe(true);
    expect(await tenant().channels.insert(channel("one more"))).toBe(false);
  });

  test("of two changes of the same version the second writes nothing", async () => {
    await tenant().channels.insert(channel("one"));
    expect(await tenant().channels.replace({ ...channel("one"), name: "first", version: 2 })).toBe(true);
    expect(await tenant().channels.replace({ ...channel("one"), name: "second", version: 2 })).toBe(false);
    expect((await tenant().channels.get(channel("one").id))!.name).toBe("first");
  });

  test("a channel whose receiver is gone is disabled with the reason, once", async () => {
    await tenant().channels.insert(channel("one"));
    await tenant().channels.disable(channel("one").id, "410 Gone", START + 5);
    await tenant().channels.disable(channel("one").id, "Again", START + 9);
    expect(await tenant().channels.get(channel("one").id)).toMatchObject({
      enabled: false,
      disabledReason: "410 Gone",
      updatedAt: START + 5,
      version: 2,
    });
  });

  test("what was still to be sent on a deleted channel is dead, what was sent stays", async () => {
    await tenant().channels.insert(channel("one"));
    const deliver = async (name: string) =>
      tenant().deliveries.insert(
        {
          id: hashId<DeliveryId>("dlv", [name]),
          channel: channel("one").id,
          group: null,
          kind: "test",
          alerts: [],
          payload: testNotification(START),
          nextAttemptAt: START,
        },
        START,
      );
    const [open, sent] = [await deliver("open"), await deliver("sent")];
    await tenant().deliveries.lease(sent.id, "me", START + 1, START);
    await tenant().deliveries.finish(sent.id, "me", { status: "delivered", at: START, lastStatus: 200 });
    expect(await tenant().channels.remove(channel("one").id, 2)).toBe(false);
    expect((await tenant().deliveries.get(open.id))!.status).toBe("waiting");
    expect(await tenant().channels.remove(channel("one").id, 1)).toBe(true);
    expect(await tenant().channels.get(channel("one").id)).toBeNull();
    expect(await tenant().deliveries.get(open.id)).toMatchObject({ status: "dead", lastError: "The channel was deleted." });
    expect((await tenant().deliveries.get(sent.id))!.status).toBe("delivered");
  });

  test("channels of another organisation are neither read nor written", async () => {
    await tenant().channels.insert(channel("one"));
    const other = harness.deps.store.forOrg(harness.otherOrg).channels;
    const { id } = channel("one");
    expect(await other.get(id)).toBeNull();
    expect((await other.list({ limit: 10 })).items).toEqual([]);
    expect(await other.enabled()).toEqual([]);
    expect(await other.replace({ ...channel("one"), name: "stolen", version: 2 })).toBe(false);
    await other.disable(id, "x", START);
    await other.remove(id, 1);
    expect(await tenant().channels.get(id)).toEqual(channel("one"));
  });
});
