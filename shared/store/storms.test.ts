import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { EMPTY_GROUP } from "../core/alert/group.ts";
import type { Storm } from "../core/alert/storm.ts";
import type { ChannelId, GroupId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { storeChannel } from "../testing/channels.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

const OVER_AFTER = 15 * 60_000;

let harness: Harness;
let channel: ChannelId;
beforeEach(async () => {
  harness = await startHarness();
  channel = (await storeChannel(harness, { kind: "console" })).id;
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const state: Storm = { told: [{ at: START, alerts: 80 }], heldAt: START };
/** Writes what is kept of the channel with a flush of some group. */
const flush = (version: number, name = "g") => {
  const group = { id: hashId<GroupId>("grp", [name]), route: "root", labels: {}, version: 0, state: EMPTY_GROUP };
  return tenant().groups.save({ group, deliveries: [], notified: [], storms: [{ channel, version, state }], at: START });
};

test("what is kept of a channel is written with a flush, unless another flush was first: then neither is", async () => {
  expect(await flush(0)).toBe(true);
  expect(await tenant().storms.ofChannels([channel, hashId<ChannelId>("chn", ["other"])])).toEqual([{ channel, version: 1, state }]);
  expect(await flush(0, "other")).toBe(false);
  expect(await tenant().groups.get(hashId<GroupId>("grp", ["other"]))).toBeNull();
  expect(await flush(1, "other")).toBe(true);
});

test("a storm is over fifteen minutes after an alert was last held back, and ends once", async () => {
  await flush(0);
  const over = (at: number) => harness.deps.store.platform.storms.over(at, 10);
  expect(await over(START + OVER_AFTER - 1)).toEqual([]);
  expect(await over(START + OVER_AFTER)).toEqual([{ org: harness.org, channel }]);
  const ended = { channel, version: 1, state: { ...state, heldAt: null } };
  expect(await tenant().storms.end(ended, [], START)).toBe(true);
  expect(await tenant().storms.end(ended, [], START)).toBe(false);
  expect(await over(START + OVER_AFTER)).toEqual([]);
});

test("it goes with its channel, and is nobody else's", async () => {
  await flush(0);
  const other = harness.deps.store.forOrg(harness.otherOrg);
  expect(await other.storms.ofChannels([channel])).toEqual([]);
  await other.storms.end({ channel, version: 0, state: { told: [], heldAt: null } }, [], START);
  expect(await tenant().storms.ofChannels([channel])).toMatchObject([{ version: 1, state }]);
  await tenant().channels.remove(channel, 1);
  expect(await tenant().storms.ofChannels([channel])).toEqual([]);
});
