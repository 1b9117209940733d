import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { deleteChannel } from "./delete.ts";
import { testChannel } from "./test-message.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const create = async () => (await harness.call(createChannel, { name: "Here", kind: "inbox" })) as CreatedChannel;

describe("204", () => {
  test("a channel goes, and what was still to be sent on it is given up", async () => {
    const { id } = await create();
    await harness.call(testChannel, { id });
    expect(await harness.call(deleteChannel, { id })).toBeNull();
    const { items } = await harness.deps.store.forOrg(harness.org).deliveries.list({ channel: id }, { limit: 10 });
    expect(items).toMatchObject([{ status: "dead", lastError: "The channel was deleted." }]);
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing, and stays", async () => {
    const { id } = await create();
    await expect(harness.call(deleteChannel, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await harness.call(deleteChannel, { id });
    await expect(harness.call(deleteChannel, { id })).rejects.toMatchObject({ kind: "not-found" });
  });
});

describe("409", () => {
  test("a channel that the routes name stays: alerts would be told to nobody", async () => {
    const { id } = await create();
    const { alertPolicies } = harness.deps.store.forOrg(harness.org);
    const definition = { routes: [{ matchers: [], continue: false, channels: [id], routes: [] }] };
    const at = harness.clock.now();
    const policy = { kind: "routes" as const, id: "rte_test", version: 1, definition, createdAt: at, updatedAt: at };
    expect(await alertPolicies.insert(policy, { kind: "key", id: "key_a" })).toBe(true);
    await expect(harness.call(deleteChannel, { id })).rejects.toMatchObject({ kind: "conflict", message: /routes\[0\]\.channels\[0\]/ });
  });
});
