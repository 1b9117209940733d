import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createSecretBox, sealingKey } from "../../shared/net/secret-box.ts";
import { openConfig } from "../../shared/ports/channel-config.ts";
import { sealingContext } from "../../shared/ports/sealed.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { START, startHarness, testEvent } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onTick from "./tick.ts";

const [old, fresh, lost] = [1, 2, 3].map((n) => sealingKey(new Uint8Array(32).fill(n))) as [SealingKey, SealingKey, SealingKey];
type SealingKey = ReturnType<typeof sealingKey>;
const CONFIG = { url: "https://hooks.example.com/secret" };
const HEARTBEAT = "https://beat.example.com/secret";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** Has the system run with these keys from now on. */
const keys = (current: SealingKey, previous?: SealingKey) =>
  Object.assign(harness.deps.secrets, createSecretBox(previous === undefined ? { current } : { current, previous }));
const hour = () => harness.deliver(onTick, testEvent("tick.hour", null, {}));
const slack = (org = harness.org) => storeChannel(harness, { kind: "slack", config: CONFIG }, org);
const stored = async (org = harness.org) => (await harness.deps.store.forOrg(org).channels.list({ limit: 1_000 })).items;
const opened = async (org = harness.org) => (await stored(org)).map((channel) => openConfig(harness.deps.secrets, org, channel));

async function beat(): Promise<void> {
  const sealed = harness.deps.secrets.seal(HEARTBEAT, sealingContext(harness.org, "watchdog"));
  const target = { method: "POST", sealed, shown: "https://beat.example.com" } as const;
  const rest = {
    version: 1,
    enabled: true,
    everyMs: 60_000,
    updatedAt: START,
    nextAt: START,
    lastBeatAt: null,
    lastStatus: null,
    lastError: null,
  };
  await harness.deps.store.forOrg(harness.org).watchdog.replace({ ...rest, target, faults: [] });
}

test("with two keys the old secrets are read, within the hour they are sealed with the new one, and then the old key can go", async () => {
  keys(old);
  for (let n = 0; n < 60; n++) await slack();
  for (let n = 0; n < 60; n++) await slack(harness.otherOrg);
  await beat();
  const before = await stored();

  keys(fresh, old);
  expect(await opened()).toEqual(Array.from({ length: 60 }, () => CONFIG));
  await hour();
  expect(harness.printed).toEqual(["Sealed anew with the present channel key: 121. Left with another one: 0."]);

  keys(fresh);
  expect([...(await opened()), ...(await opened(harness.otherOrg))]).toEqual(Array.from({ length: 120 }, () => CONFIG));
  const { target } = (await harness.deps.store.forOrg(harness.org).watchdog.get())!;
  expect(harness.deps.secrets.open((target as { sealed: string }).sealed, sealingContext(harness.org, "watchdog"))).toBe(HEARTBEAT);
  // To those who read or change a channel nothing has happened.
  const unsealed = ({ sealed: _, ...channel }: (typeof before)[number]) => channel;
  expect((await stored()).map(unsealed)).toEqual(before.map(unsealed));
});

test("without an earlier key nothing is looked for", async () => {
  keys(old);
  await slack();
  const [before] = await stored();
  keys(fresh);
  await hour();
  expect([await stored(), harness.printed]).toEqual([[before], []]);
});

test("what neither key opens stays as it is, is counted, and holds up nothing", async () => {
  keys(lost);
  await slack();
  keys(old);
  await slack();
  keys(fresh, old);
  const [foreign] = await stored();
  await hour();
  expect(harness.printed).toEqual(["Sealed anew with the present channel key: 1. Left with another one: 1."]);
  const [first, second] = await stored();
  expect(first).toEqual(foreign);
  expect(openConfig(createSecretBox({ current: fresh }), harness.org, second!)).toEqual(CONFIG);
});

test("a channel that somebody changes meanwhile keeps what they made it", async () => {
  keys(old);
  const channel = await slack();
  keys(fresh, old);
  const { sealed } = harness.deps.store.platform;
  const [text] = await sealed.without(harness.deps.secrets.rotatesTo!, null, 10);
  const changed = { ...channel, version: 2, sealed: "theirs" };
  await harness.deps.store.forOrg(harness.org).channels.replace(changed);
  expect([await sealed.replace(text!, "ours"), (await stored())[0]!.sealed]).toEqual([false, "theirs"]);
});

test("what is put in the place of a text is put there for its own organisation alone", async () => {
  keys(old);
  const [mine, theirs] = [await slack(), await slack(harness.otherOrg)];
  const { sealed } = harness.deps.store.platform;
  expect(await sealed.replace({ org: harness.otherOrg, name: mine.id, sealed: mine.sealed }, "x")).toBe(false);
  expect(await sealed.replace({ org: harness.org, name: mine.id, sealed: mine.sealed }, "x")).toBe(true);
  expect((await stored(harness.otherOrg))[0]).toEqual(theirs);
});
