import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ChannelId, DeliveryId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
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

  const inbox = () => harness.deps.store.forOrg(harness.org).inbox;
  const message = (name: string, at = START) => ({
    delivery: hashId<DeliveryId>("dlv", [name]),
    channel: hashId<ChannelId>("chn", ["c"]),
    kind: "firing" as const,
    title: name,
    text: "It fires",
    alerts: [],
    at,
  });

  test("a delivery puts one message into the inbox, however often it is sent", async () => {
    await inbox().insert(message("one"));
    await inbox().insert({ ...message("one"), title: "again" });
    const { items } = await inbox().list({ limit: 10 });
    expect(items).toMatchObject([{ kind: "firing", title: "one", text: "It fires", alerts: [], createdAt: "2026-11-20T10:00:00.000Z" }]);
  });

  test("messages are listed newest first, a page at a time", async () => {
    for (const [place, name] of ["one", "two", "three"].entries()) await inbox().insert(message(name, START + place));
    const first = await inbox().list({ limit: 2 });
    const second = await inbox().list({ limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...second.items].map(({ title }) => title)).toEqual(["three", "two", "one"]);
    expect(second.nextCursor).toBeNull();
  });

  test("the inbox of another organisation is its own, also for the same delivery", async () => {
    await inbox().insert(message("one"));
    const other = harness.deps.store.forOrg(harness.otherOrg).inbox;
    expect((await other.list({ limit: 10 })).items).toEqual([]);
    await other.insert(message("one"));
    expect((await other.list({ limit: 10 })).items).toHaveLength(1);
  });
});
