import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { InboxMessage } from "../../shared/contract/channel.ts";
import type { ChannelId, DeliveryId } from "../../shared/contract/ids.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import { hashId } from "../../shared/core/hash-id.ts";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { listInbox } from "./list-inbox.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const list = async (query: object = {}, options = {}) =>
  (await harness.call(listInbox, query, options)) as { items: InboxMessage[]; nextCursor: string | null };

describe("200", () => {
  test("messages come newest first with their alerts, a page at a time, to their organisation only", async () => {
    const tenant = harness.deps.store.forOrg(harness.org);
    const alert = alertAnswer((await tenant.alerts.get(await fire(harness, await storeRule(harness))))!, START);
    for (const [place, title] of ["one", "two", "three"].entries()) {
      const delivery = hashId<DeliveryId>("dlv", [title]);
      const channel = hashId<ChannelId>("chn", ["inbox"]);
      await tenant.inbox.insert({ delivery, channel, kind: "firing", title, text: "It fires", alerts: [alert], at: START + place });
    }
    const first = await list({ limit: "2" });
    const second = await list({ limit: "2", cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ title }) => title)).toEqual(["three", "two", "one"]);
    expect(first.items[0]!.alerts).toEqual([alert]);
    expect((await list({}, { org: harness.otherOrg })).items).toEqual([]);
  });
});
