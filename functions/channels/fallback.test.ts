import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { deleteChannel } from "./delete.ts";
import { getChannel } from "./get.ts";
import { patchChannel } from "./patch.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const create = async (more: object = {}, options = {}) =>
  (await harness.call(createChannel, { name: "Here", kind: "inbox", ...more }, options)) as CreatedChannel;
const patch = (id: string, fallback: string | null) => harness.call(patchChannel, { id, fallback });
const refusal = (message: string) => ({ kind: "validation-failed", errors: [{ path: "fallback", message }] });

test("a channel names its fallback, and is shown with it; null takes it away", async () => {
  const spare = await create({ name: "Spare" });
  const { id } = await create({ fallback: spare.id });
  expect(await harness.call(getChannel, { id })).toMatchObject({ fallback: spare.id });
  await patch(id, null);
  expect(await harness.call(getChannel, { id })).toMatchObject({ fallback: null });
});

test("a fallback that leads back to its channel is refused", async () => {
  const [a, b] = [await create(), await create()];
  await expect(patch(a.id, a.id)).rejects.toMatchObject(refusal("Leads back to the channel itself"));
  await patch(a.id, b.id);
  await expect(patch(b.id, a.id)).rejects.toMatchObject(refusal("Leads back to the channel itself"));
});

test("a channel of another organisation is refused like one that is missing", async () => {
  const foreign = await create({}, { org: harness.otherOrg });
  await expect(create({ fallback: foreign.id })).rejects.toMatchObject(refusal("There is no such channel"));
  await expect(create({ fallback: `chn_${"0".repeat(24)}` })).rejects.toMatchObject(refusal("There is no such channel"));
});

test("a chain is three fallbacks long at most", async () => {
  const fourth = await create();
  const third = await create({ fallback: fourth.id });
  const second = await create({ fallback: third.id });
  const first = await create({ fallback: second.id });
  await expect(create({ fallback: first.id })).rejects.toMatchObject(refusal("A message would go on to more than 3 channels"));
});

test("the fallback of another channel cannot be deleted", async () => {
  const spare = await create({ name: "Spare" });
  const { id } = await create({ name: "Main", fallback: spare.id });
  await expect(harness.call(deleteChannel, { id: spare.id })).rejects.toMatchObject({
    kind: "conflict",
    detail: expect.stringContaining("fallback of the channel Main"),
  });
  await patch(id, null);
  expect(await harness.call(deleteChannel, { id: spare.id })).toBeNull();
});
