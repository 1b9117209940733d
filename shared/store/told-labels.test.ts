import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { AlertId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import { storeChannel } from "../testing/channels.ts";
import { startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const [a, b] = ["a", "b"].map((name) => hashId<AlertId>("alt", [name])) as [AlertId, AlertId];
const one = { alert: a, labels: '{"severity":"warning"}' };
const two = { alert: a, labels: '{"severity":"critical"}' };
const other = { alert: b, labels: '{"severity":"warning"}' };

test("each set of labels of an alert is kept once for each channel, until it is removed or its channel is", async () => {
  const { toldLabels, channels } = harness.deps.store.forOrg(harness.org);
  const [first, second] = [await storeChannel(harness, { kind: "console" }), await storeChannel(harness, { kind: "console" })];
  await toldLabels.insert(first.id, [one, other]);
  await toldLabels.insert(first.id, [two, one]);
  await toldLabels.insert(second.id, [one]);
  expect(await toldLabels.of(first.id, [a])).toEqual([two, one]);
  await toldLabels.remove(first.id, [one]);
  expect(await toldLabels.of(first.id, [a, b])).toEqual([two, other]);
  expect(await toldLabels.of(second.id, [a, b])).toEqual([one]);
  expect(await harness.deps.store.forOrg(harness.otherOrg).toldLabels.of(second.id, [a])).toEqual([]);
  await channels.remove(second.id, 1);
  expect(await toldLabels.of(second.id, [a])).toEqual([]);
});
