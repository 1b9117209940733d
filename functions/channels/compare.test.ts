import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { compareChannel } from "./compare.ts";
import { createChannel } from "./create.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const url = "https://hooks.example.com/one";
const webhook = (changes: object = {}, config: object = {}) => ({ name: "Hook", kind: "webhook", config: { url, ...config }, ...changes });
const create = async (definition: object) => (await harness.call(createChannel, definition)) as CreatedChannel;
const compare = async (id: string, definition: object, options = {}) =>
  (await harness.call(compareChannel, { id, ...definition }, options)) as { changes: readonly string[] };

describe("200", () => {
  test.each<[string, object, readonly string[]]>([
    ["the same again would change nothing, the secret that it leaves out stays", webhook(), []],
    ["another name", webhook({ name: "Other" }), ["name"]],
    ["the rest of an address", webhook({}, { url: "https://hooks.example.com/two" }), ["config.url"]],
    ["another secret", webhook({}, { secret: `whsec_${"A".repeat(43)}=` }), ["config.secret"]],
    ["another kind", { name: "Hook", kind: "inbox", enabled: false, stormLimit: 100 }, ["kind", "enabled", "config.url", "config.secret"]],
  ])("%s", async (_, definition, expected) => {
    const { id } = await create(webhook());
    expect(new Set((await compare(id, definition)).changes)).toEqual(new Set(expected));
  });

  test("nothing is changed by asking", async () => {
    const { id } = await create(webhook());
    const { channels } = harness.deps.store.forOrg(harness.org);
    const before = await channels.get(id);
    await compare(id, webhook({ name: "Other" }));
    expect(await channels.get(id)).toEqual(before);
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing", async () => {
    const { id } = await create(webhook());
    await expect(compare(id, webhook(), { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
  });
});
