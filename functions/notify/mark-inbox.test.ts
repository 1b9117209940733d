import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { InboxMessage } from "../../shared/contract/channel.ts";
import type { ChannelId, DeliveryId } from "../../shared/contract/ids.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { listInbox } from "./list-inbox.ts";
import { markInbox, markMessage } from "./mark-inbox.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  const channel = hashId<ChannelId>("chn", ["inbox"]);
  for (const [place, title] of ["one", "two", "three"].entries()) {
    const delivery = hashId<DeliveryId>("dlv", [title]);
    const message = { delivery, channel, kind: "firing" as const, title, text: "It fires", alerts: [], at: START + place };
    await harness.deps.store.forOrg(harness.org).inbox.insert(message);
  }
  harness.clock.advance(1_000);
});
afterEach(() => harness.close());

const list = async (query: object = {}) => ((await harness.call(listInbox, query)) as { items: InboxMessage[] }).items;
const unread = async () => (await list({ unread: "true" })).map(({ title }) => title);
const mark = async (id: string, read: boolean) => (await harness.call(markMessage, { id, read })) as InboxMessage;

test("a message is unread until it is marked, keeps the time of its first mark, and can be marked unread again", async () => {
  const [newest] = await list();
  expect(newest).toMatchObject({ title: "three", readAt: null });
  const { readAt } = await mark(newest!.id, true);
  expect(readAt).toBe(new Date(START + 1_000).toISOString());
  harness.clock.advance(1_000);
  expect(await mark(newest!.id, true)).toMatchObject({ readAt });
  expect(await unread()).toEqual(["two", "one"]);
  await mark(newest!.id, false);
  expect(await unread()).toEqual(["three", "two", "one"]);
});

test("all are marked at once, or those that came until a time", async () => {
  expect(await harness.call(markInbox, { until: START + 1 })).toEqual({ marked: 2 });
  expect(await unread()).toEqual(["three"]);
  expect(await harness.call(markInbox, {})).toEqual({ marked: 1 });
  expect(await harness.call(markInbox, {})).toEqual({ marked: 0 });
});

test("another organisation marks none of them", async () => {
  const [{ id }] = (await list()) as [InboxMessage];
  const other = { org: harness.otherOrg };
  await expect(harness.call(markMessage, { id, read: true }, other)).rejects.toMatchObject({ kind: "not-found" });
  expect(await harness.call(markInbox, {}, other)).toEqual({ marked: 0 });
  expect(await unread()).toHaveLength(3);
});
