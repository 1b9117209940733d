import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { patchRule } from "../rules/patch.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

test("a limit below the instances that there are leaves them going on, and says how many series it leaves out", async () => {
  const rule = await storeRule(harness, { evalDelay: 0 });
  const tenant = harness.deps.store.forOrg(harness.org);
  const store = async (n: number, hosts: readonly string[], value: number) => {
    for (const host of hosts) await harness.store("cpu", [[minute(n), value]], { host });
  };
  for (let n = 0; n < 8; n++) {
    harness.clock.set(minute(n));
    await store(n, ["a", "b", "c"], n >= 2 && n < 6 ? 95 : 50);
    if (n >= 4) await store(n, ["d", "e"], 95);
    if (n === 1) await harness.call(patchRule, { id: rule.id, maxInstances: 1 });
    await harness.deliver(onEvent, ingested(harness));
    await harness.deliver(onTick, tick(harness));
  }
  const { items } = await tenant.alerts.list({ rule: rule.id }, { limit: 10 }, harness.clock.now());
  expect(items.filter(({ series }) => series === null)).toMatchObject([
    { episode: { evidence: { most: 1, leftOut: 2 }, resolvedAt: null } },
  ]);
  const own = { from: 2, to: 6, reason: "recovered", severity: "warning" };
  expect((await episodesOf(harness, rule)).filter(({ to }) => to !== null)).toEqual([own, own, own]);
});
