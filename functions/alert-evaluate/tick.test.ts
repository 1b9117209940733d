import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { storeChannel } from "../../shared/testing/channels.ts";
import { episodesOf, minute } from "../../shared/testing/evaluation.ts";
import { startSystem } from "../../shared/testing/system.ts";
import type { TestSystem } from "../../shared/testing/system.ts";

let system: TestSystem;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system.harness.close());

describe("after an outage", () => {
  test.each([
    [95, ["Critical: CPU is high on cpu"]],
    [50, []],
  ])("people are told at most once for a series, of its present state: at %d", async (last, told) => {
    const { harness } = system;
    await storeChannel(harness, { kind: "console" });
    const rule = await storeRule(harness, { severity: "critical" });
    for (let n = 0; n < 57; n += 1) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), n === 56 ? last : n % 15 < 5 && n > 5 ? 95 : 50]]);
      if (n < 2) await system.tick();
    }
    harness.clock.set(minute(57));
    await system.tick();
    expect((await episodesOf(harness, rule)).filter(({ to }) => to !== null)).toHaveLength(3);
    expect(harness.printed.map((text) => text.split("\n")[0])).toEqual(told.map((title) => expect.stringContaining(title)));
  });

  test("of a series that fired before it and is well since, its end is told once, whatever it did in between", async () => {
    const { harness } = system;
    await storeChannel(harness, { kind: "console" });
    await storeRule(harness, { severity: "critical" });
    for (let n = 0; n < 57; n += 1) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), n < 5 || (n > 20 && n < 25) ? 95 : 50]]);
      if (n < 4) await system.tick();
    }
    const titles = () => harness.printed.map((text) => text.split("\n")[0]);
    expect(titles()).toEqual([expect.stringContaining("Critical: CPU is high on cpu")]);
    for (let n = 57; n < 70; n += 1) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), 50]]);
      await system.tick();
    }
    expect(titles().slice(1)).toEqual([expect.stringContaining("Resolved: CPU is high on cpu")]);
  });

  test("of a series that fired before it and fires again, that it fires is told once, and nothing of an end in between", async () => {
    const { harness } = system;
    await storeChannel(harness, { kind: "console" });
    await storeRule(harness, { severity: "critical" });
    for (let n = 0; n < 57; n += 1) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), n < 5 || n > 20 ? 95 : 50]]);
      if (n < 4) await system.tick();
    }
    const titles = () => harness.printed.map((text) => text.split("\n")[0]);
    expect(titles()).toEqual([expect.stringContaining("Critical: CPU is high on cpu")]);
    for (let n = 57; n < 70; n += 1) {
      harness.clock.set(minute(n));
      await harness.store("cpu", [[minute(n), 95]]);
      await system.tick();
    }
    expect(titles().slice(1)).toEqual([expect.stringContaining("Critical: CPU is high on cpu")]);
  });
});
