import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CreatedChannel } from "../../shared/contract/channel.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createChannel } from "./create.ts";
import { getChannel } from "./get.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe("200", () => {
  test("a channel that was taken out of use says why", async () => {
    const { id } = (await harness.call(createChannel, { name: "Here", kind: "inbox" })) as CreatedChannel;
    await harness.deps.store.forOrg(harness.org).channels.disable(id, "Its receiver answered 410 Gone", harness.clock.now());
    expect(await harness.call(getChannel, { id })).toMatchObject({ enabled: false, disabledReason: "Its receiver answered 410 Gone" });
  });
});

describe("404", () => {
  test("a channel of another organisation is answered like one that is missing", async () => {
    const { id } = (await harness.call(createChannel, { name: "Here", kind: "inbox" })) as CreatedChannel;
    await expect(harness.call(getChannel, { id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    await expect(harness.call(getChannel, { id: `chn_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
