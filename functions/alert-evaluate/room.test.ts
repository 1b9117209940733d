import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { MOST_INSTANCES } from "../../shared/contract/rule.ts";
import { ruleConsequences } from "../../shared/core/alert/rule-change.ts";
import { batchOf } from "../../shared/core/series/batch.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import { storeRule } from "../../shared/testing/alerting.ts";
import { episodesOf, ingested, minute, tick } from "../../shared/testing/evaluation.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import onEvent from "./event.ts";
import onTick from "./tick.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** Stores a value a minute of so many hosts, and evaluates. */
async function live(from: number, to: number, hosts: number, value: number): Promise<void> {
  for (let n = from; n < to; n++) {
    harness.clock.set(minute(n));
    for (let host = 0; host < hosts; host++) await harness.store("cpu", [[minute(n), value]], { host: `h${host}` });
    await harness.deliver(onEvent, ingested(harness));
    await harness.deliver(onTick, tick(harness));
  }
}

test("a rule whose limit was lowered below the instances it has goes on with these, and tells of those that come", async () => {
  const rule = await storeRule(harness, { evalDelay: 0, maxInstances: 10 });
  const other = await storeRule(harness, { evalDelay: 0, condition: { operator: "lt", value: 20 } });
  await live(0, 3, 5, 50);
  const { rules, alerts } = harness.deps.store.forOrg(harness.org);
  const lowered = { ...rule, maxInstances: 2, version: 2, updatedAt: harness.clock.now() };
  await rules.replace(lowered, { changes: [], keeps: "all", at: harness.clock.now() });

  await live(3, 6, 6, 95);
  const open = await alerts.openOfRule(rule.id);
  expect(open.filter(({ series }) => series !== null)).toHaveLength(5);
  expect(open.filter(({ series }) => series === null)).toMatchObject([
    { episode: { evidence: { kind: "instances_limited", most: 2, leftOut: 1 } } },
  ]);
  await live(6, 8, 6, 10);
  expect(await episodesOf(harness, other)).toHaveLength(6);
});

test("a rule that is as full as a rule may be, all of it firing, can still be deleted", async () => {
  const rule = await storeRule(harness, { evalDelay: 0, maxInstances: MOST_INSTANCES });
  const { points, instances, rules, alerts } = harness.deps.store.forOrg(harness.org);
  const batch = Array.from({ length: MOST_INSTANCES + 1 }, (_, host) => {
    const dimensions = canonicalDimensions({ host: String(host) });
    const columns = { timestamps: Float64Array.of(minute(0)), values: Float64Array.of(95) };
    return { series: seriesId(harness.org, "cpu", dimensions), metricKey: "cpu", dimensions, ...columns };
  });
  await points.append({ points: batchOf(batch), rejected: [], at: minute(0) });
  await harness.deliver(onEvent, ingested(harness));

  const { changes } = ruleConsequences(rule, null, await instances.ofRule(rule.id), minute(1));
  expect(changes).toHaveLength(MOST_INSTANCES + 1);
  expect(await rules.remove(rule.id, rule.version, { changes, at: minute(1) })).toBe(true);
  expect(await alerts.openOfRule(rule.id)).toEqual([]);
}, 60_000);
