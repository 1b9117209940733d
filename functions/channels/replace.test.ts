import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { replaceChannel } from "./replace.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const HOOK = "https://hooks.example.com/one";
const create = async (definition: object = { name: "Hook", kind: "webhook", config: { url: HOOK } }) =>
  (await harness.call(createChannel, definition)) as CreatedChannel;
const put = async (id: string, definition: object, options = {}) =>
  (await harness.call(replaceChannel, { id, ...definition }, options)) as CreatedChannel;
const stored = async ({ id }: { id: CreatedChannel["id"] }) => (await harness.deps.store.forOrg(harness.org).channels.get(id))!;
const config = async (of: { id: CreatedChannel["id"] }) =>
  openConfig(harness.deps.secrets, harness.org, { ...(await stored(of)), kind: "webhook" });

const requireMatch = () => {
  throw new Problem("precondition-failed", "stale");
};

describe("200", () => {
  test("a secret that is left out stays, and is not shown again", async () => {
    const created = await create();
    const url = "https://other.example.com/two";
    const answer = await put(created.id, { name: "Other", kind: "webhook", config: { url } });
    expect(answer).toMatchObject({ name: "Other", config: { url: "https://other.example.com" } });
    expect(answer.secret).toBeUndefined();
    expect(await config(created)).toEqual({ url, secret: created.secret });
  });

  test("a channel that becomes a webhook gets a secret, shown once", async () => {
    const created = await create({ name: "Here", kind: "inbox" });
    const answer = await put(created.id, { name: "Hook", kind: "webhook", config: { url: HOOK } });
    expect(answer.secret).toMatch(/^whsec_/);
    expect(await config(created)).toEqual({ url: HOOK, secret: answer.secret });
  });

  test("the identical channel again changes nothing", async () => {
    const created = await create();
    const before = await stored(created);
    harness.clock.advance(1_000);
    await put(created.id, { name: "Hook", kind: "webhook", config: { url: HOOK } });
    expect(await stored(created)).toEqual(before);
  });

  test("enabling a channel again takes the reason away", async () => {
    const created = await create({ name: "Here", kind: "inbox" });
    await harness.deps.store.forOrg(harness.org).channels.disable(created.id, "410", harness.clock.now());
    expect(await put(created.id, { name: "There", kind: "inbox", enabled: false })).toMatchObject({
      enabled: false,
      disabledReason: "410",
    });
    expect(await put(created.id, { name: "There", kind: "inbox" })).toMatchObject({ enabled: true, disabledReason: null });
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing", async () => {
    const created = await create();
    const foreign = put(created.id, { name: "Mine", kind: "inbox" }, { org: harness.otherOrg });
    await expect(foreign).rejects.toMatchObject({ kind: "not-found" });
    expect((await stored(created)).name).toBe("Hook");
  });
});

describe("412", () => {
  test("a channel that has changed since it was read is left alone", async () => {
    const created = await create();
    const stale = put(created.id, { name: "Mine", kind: "inbox" }, { context: { requireMatch } });
    await expect(stale).rejects.toMatchObject({ kind: "precondition-failed" });
    expect((await stored(created)).name).toBe("Hook");
  });
});
