import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { listChannels } from "./list.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("every channel of the organisation comes once, a page at a time, without secrets", async () => {
    const config = { url: "https://hooks.example.com/verysecret" };
    for (const name of ["one", "two", "three"]) await harness.call(createChannel, { name, kind: "webhook", config });
    await harness.call(createChannel, { name: "foreign", kind: "inbox" }, { org: harness.otherOrg });
    type Answer = { items: { name: string }[]; nextCursor: string | null };
    const first = (await harness.call(listChannels, { limit: "2" })) as Answer;
    const second = (await harness.call(listChannels, { limit: "2", cursor: first.nextCursor })) as Answer;
    const items = [...first.items, ...second.items];
    expect(new Set(items.map(({ name }) => name))).toEqual(new Set(["one", "two", "three"]));
    expect(second.nextCursor).toBeNull();
    expect(JSON.stringify(items)).not.toMatch(/verysecret|whsec_/);
  });
});
