import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { deleteChannel } from "./delete.ts";
import { listChannelVersions } from "./versions.ts";
import { patchChannel } from "./patch.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const HOOK = "https://hooks.example.com/verysecret";
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const create = async () =>
  (await harness.call(createChannel, { name: "Hook", kind: "webhook", config: { url: HOOK, secret: SECRET } })) as CreatedChannel;
const history = async (id: string, options = {}) =>
  ((await harness.call(listChannelVersions, { id }, options)) as { items: { version: number; actor: unknown; definition: unknown }[] })
    .items;

test("each change is a version with who made it, a receiver that is gone and a deletion too; no secret is in any", async () => {
  const { id } = await create();
  await harness.call(patchChannel, { id, name: "Renamed" });
  await harness.call(patchChannel, { id, config: { url: `${HOOK}2` } });
  const { channels } = harness.deps.store.forOrg(harness.org);
  await channels.disable(id, "Its receiver answered 410 Gone", harness.clock.now());
  await harness.call(deleteChannel, { id });
  const versions = await history(id);
  const shown = { kind: "webhook", config: { url: "https://hooks.example.com" }, fallback: null, stormLimit: 100 };
  const by = { kind: "key", id: "key_test" };
  expect(versions).toMatchObject([
    { version: 5, actor: by, definition: null },
    {
      version: 4,
      actor: null,
      definition: { ...shown, name: "Renamed", enabled: false, disabledReason: "Its receiver answered 410 Gone" },
    },
    { version: 3, actor: by, definition: { ...shown, name: "Renamed", enabled: true, disabledReason: null } },
    { version: 2, actor: by, definition: { ...shown, name: "Renamed" } },
    { version: 1, actor: by, definition: { ...shown, name: "Hook" } },
  ]);
  const rows = await harness.database.read("SELECT * FROM definition_history", {});
  for (const secret of ["verysecret", SECRET.slice(6)]) expect(JSON.stringify([versions, rows])).not.toContain(secret);
});

test("the history of another organisation's channel is answered like one that is missing", async () => {
  const { id } = await create();
  await expect(history(id, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
});
