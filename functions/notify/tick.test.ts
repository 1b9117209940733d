import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { killWrite } from "../../shared/testing/evaluation.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { notifierOver } from "../../shared/testing/notifier.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await storeChannel(harness, { kind: "console", stormLimit: 1_000 });
});
afterEach(() => harness.close());

const { hand, ring } = notifierOver(() => harness);
const due = START + 30_000;

describe("the minute's tick", () => {
  test("makes good a lost alarm, and asks to be woken for what is due next", async () => {
    await fire(harness, await storeRule(harness));
    await hand();
    harness.alarms.length = 0;
    await ring(START);
    expect(harness.alarms).toEqual([due]);
    await ring(START + 60_000);
    expect(harness.printed).toHaveLength(1);
    expect(harness.alarms.at(-1)).toBe(START + 60_000 + 300_000);
  });

  test("has nothing to wake for where nothing fires", async () => {
    await ring(START);
    expect(harness.alarms).toEqual([]);
  });

  test("tells of the other groups where one fails, and of that one with the next tick", async () => {
    for (const name of ["First", "Second"]) await fire(harness, await storeRule(harness, { name }));
    await hand();
    harness.alarms.length = 0;
    // The writes: the lease of the flushes, the first of them.
    killWrite(harness, "before", 2);
    await expect(ring(due)).rejects.toThrow("1 parts of what is due failed");
    expect(harness.printed).toHaveLength(1);
    // What is overdue rings no alarm at once, again and again.
    expect(harness.alarms.filter((at) => at <= due)).toEqual([]);
    await ring(due + 30_000);
    expect(harness.printed).toHaveLength(2);
  });

  test("sends what its flush left unsent", async () => {
    await fire(harness, await storeRule(harness));
    await hand();
    // The writes: the lease of the flushes, the flush, that it is over, the lease of the message.
    killWrite(harness, "before", 4);
    await expect(ring(due)).rejects.toThrow();
    expect(harness.printed).toEqual([]);
    await ring(due + 1);
    expect(harness.printed).toHaveLength(1);
  });

  test("works through more than a page of groups and messages", async () => {
    for (let n = 0; n < 120; n += 1) await fire(harness, await storeRule(harness, { name: `Rule ${n}` }));
    await hand();
    await ring(due);
    expect(new Set(harness.printed).size).toBe(120);
  });
});
