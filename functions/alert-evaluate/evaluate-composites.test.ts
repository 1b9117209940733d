import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Rule } from "../../shared/contract/rule.ts";
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

const compose = (operator: "all" | "any" | "not", rules: readonly Rule[], changes: Record<string, unknown> = {}) =>
  storeRule(system.harness, {
    name: "Shop is down",
    kind: "composite",
    condition: { [operator]: rules.map(({ id }) => id) },
    ...changes,
  });

/** Stores a value a minute of each metric, and lets the system work. */
async function live(values: Readonly<Record<string, readonly number[]>>): Promise<void> {
  const { harness } = system;
  const minutes = Math.max(...Object.values(values).map(({ length }) => length));
  for (let n = 0; n <= minutes; n++) {
    harness.clock.set(minute(n));
    for (const [metric, of] of Object.entries(values)) if (of[n] !== undefined) await harness.store(metric, [[minute(n), of[n]!]]);
    await system.tick();
  }
}

describe("a composite rule", () => {
  test.each([
    ["all", [{ from: 2, to: 3, reason: "recovered", severity: "warning" }]],
    ["any", [{ from: 1, to: 4, reason: "recovered", severity: "warning" }]],
  ] as const)("is true while %s of its rules are, one alert whatever their series", async (operator, expected) => {
    const { harness } = system;
    const cpu = await storeRule(harness, { name: "CPU" });
    const memory = await storeRule(harness, { name: "Memory", selector: { metricKey: "memory" } });
    const rule = await compose(operator, [cpu, memory]);
    await live({ cpu: [50, 95, 95, 50, 50], memory: [50, 50, 95, 95, 50] });
    expect(await episodesOf(harness, rule)).toEqual(expected);
  });

  test("looks at another composite rule as it is at the same time, and waits for as long as it says", async () => {
    const { harness } = system;
    const cpu = await storeRule(harness, { name: "CPU" });
    const inner = await compose("any", [cpu], { name: "Inner" });
    const outer = await compose("not", [inner], { name: "Outer", for: "1m" });
    await live({ cpu: [95, 95, 50, 50, 50, 95] });
    expect(await episodesOf(harness, outer)).toEqual([{ from: 3, to: 5, reason: "recovered", severity: "warning" }]);
  });

  test("tells people, with what each of its rules said, and of no series", async () => {
    const { harness } = system;
    await storeChannel(harness, { kind: "console" });
    const cpu = await storeRule(harness, { name: "CPU" });
    const rule = await compose("any", [cpu], { severity: "critical" });
    await live({ cpu: [50, 95, 95] });
    const told = harness.printed.find((text) => text.startsWith("Critical: Shop is down"));
    expect(told).toMatch(/^Critical: Shop is down\n/);
    expect(told).toContain("CPU");
    const [alert] = (await harness.deps.store.forOrg(harness.org).alerts.list({ rule: rule.id }, { limit: 1 }, minute(9))).items;
    expect(alert).toMatchObject({
      series: null,
      episode: { evidence: { kind: "composite", children: [{ name: "CPU", verdict: "true" }] } },
    });
    const open = await harness.deps.store.forOrg(harness.org).alerts.open();
    expect(open.find(({ rule: of }) => of === rule.id)).toMatchObject({ id: alert!.id, series: null });
  });

  test("knows nothing of a rule that is switched off, and does not fire for it", async () => {
    const { harness } = system;
    const cpu = await storeRule(harness, { name: "CPU", enabled: false });
    const rule = await compose("not", [cpu]);
    await live({ cpu: [95, 95, 95, 95, 95] });
    expect(await episodesOf(harness, rule)).toEqual([]);
  });

  test("is evaluated for the hour that an outage left out, by what its rules were at each time", async () => {
    const { harness } = system;
    const cpu = await storeRule(harness, { name: "CPU" });
    const memory = await storeRule(harness, { name: "Memory", selector: { metricKey: "memory" } });
    const rule = await compose("all", [cpu, memory]);
    await live({ cpu: [50, 50], memory: [50, 50] });
    // Nothing is evaluated while these come in.
    const values = { cpu: [95, 95, 95, 50, 95, 50], memory: [50, 95, 95, 95, 50, 50] };
    for (let n = 0; n < 6; n++) {
      harness.clock.set(minute(2 + n));
      for (const metric of ["cpu", "memory"] as const) await harness.store(metric, [[minute(2 + n), values[metric][n]!]]);
    }
    harness.clock.set(minute(9));
    await system.tick();
    expect(await episodesOf(harness, rule)).toEqual([{ from: 3, to: 5, reason: "recovered", severity: "warning" }]);
  });

  test("that cannot be evaluated holds up no other, says so itself after three times, and is evaluated again once it can be", async () => {
    const { harness } = system;
    const cpu = await storeRule(harness, { name: "CPU" });
    const memory = await storeRule(harness, { name: "Memory", selector: { metricKey: "memory" } });
    const broken = await compose("any", [memory]);
    const other = await compose("any", [cpu], { name: "Other" });
    const { store } = harness.deps;
    const forOrg: typeof store.forOrg = (org) => {
      const tenant = store.forOrg(org);
      const conditions: typeof tenant.instances.conditions = (rules, after) => {
        if (rules.includes(memory.id)) throw new TypeError("A row is broken");
        return tenant.instances.conditions(rules, after);
      };
      return { ...tenant, instances: { ...tenant.instances, conditions } };
    };
    const course = { cpu: [50, 95, 95, 95, 95, 95], memory: [50, 95, 95, 95, 95, 95] };
    Object.assign(harness.deps, { store: { ...store, forOrg } });
    await live(course);
    expect(await episodesOf(harness, other)).toMatchObject([{ from: 1, to: null }]);
    const { items } = await store.forOrg(harness.org).alerts.list({ rule: broken.id }, { limit: 10 }, minute(6));
    expect(items).toMatchObject([{ episode: { evidence: { kind: "evaluation_error" }, resolvedAt: null } }]);

    Object.assign(harness.deps, { store });
    for (let n = 7; n < 12; n++) {
      harness.clock.set(minute(n));
      await system.tick();
    }
    expect((await episodesOf(harness, broken)).map(({ from, to }) => [from, to !== null])).toEqual([
      [2, true],
      [6, false],
    ]);
  });
});
