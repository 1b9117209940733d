import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { instanceChange } from "../core/alert/alert-record.ts";
import { instanceId } from "../core/alert/keys.ts";
import { step } from "../core/alert/step.ts";
import { evaluate, fire, storeRule, unstoredInstance } from "../testing/alerting.ts";
import { DATABASES } from "../testing/databases.ts";
import type { TestDatabase } from "../testing/databases.ts";
import { START, startHarness } from "../testing/harness.ts";
import type { Harness } from "../testing/harness.ts";

describe.each(DATABASES)("%s", (_where, open) => {
  let opened: TestDatabase;
  let harness: Harness;
  beforeEach(async () => {
    opened = await open();
    harness = await startHarness({ database: opened.database });
  });
  afterEach(() => opened.end());

  const tenant = () => harness.deps.store.forOrg(harness.org);
  const count = async (table: string) => (await harness.database.read(`SELECT count(*) AS n FROM ${table}`, {}))[0]!["n"];
  const changed = () => harness.committed.filter(({ type }) => type === "alert.changed");

  describe("commit", () => {
    test("an evaluation that fires stores the instance, the episode, its transitions and one event", async () => {
      const rule = await storeRule(harness, { labels: { team: "web" } });
      const id = await fire(harness, rule, { dimensions: { host: "a" } });
      const series = tenant().series.idOf("cpu", { host: "a" });

      const stored = await tenant().instances.find(rule.id, series);
      expect(stored).toMatchObject({
        id: instanceId(harness.org, rule.id, series),
        version: 1,
        state: { state: "firing", episode: { id } },
      });
      const alert = await tenant().alerts.get(id);
      expect(alert).toMatchObject({
        rule: rule.id,
        ruleName: "CPU is high",
        series: { id: series, metricKey: "cpu", dimensions: { host: "a" } },
        condition: "firing",
        labels: { team: "web" },
        notificationCount: 0,
        lastNotifiedAt: null,
        suppressedBy: [],
      });
      expect(alert!.episode).toEqual(stored!.state.episode);
      const transitions = await harness.database.read(
        "SELECT kind, from_state, to_state, at, alert FROM alert_transition ORDER BY seq",
        {},
      );
      expect(transitions).toMatchObject([
        { kind: "condition", from_state: "inactive", to_state: "firing", at: START, alert: null },
        { kind: "episode", from_state: null, to_state: "open", at: START, alert: id },
      ]);
      expect(changed()).toMatchObject([{ org: harness.org, data: { alert: id, version: 1, to: "firing" } }]);
    });

    test("of two evaluations that loaded the same version the second writes nothing", async () => {
      const rule = await storeRule(harness);
      await evaluate(harness, rule, { outcome: "false", value: 1 });
      const loaded = (await tenant().instances.ofRule(rule.id))[0]!;
      const moved = step(loaded.state, rule, { at: START + 60_000, outcome: "true", value: 95 });
      const change = instanceChange(loaded, { after: moved.instance, transitions: moved.transitions }, rule, loaded.of);
      expect(await tenant().instances.commit({ rule, changes: [change], at: START })).toBe(true);
      expect(await tenant().instances.commit({ rule, changes: [change], at: START })).toBe(false);
      expect([await count("alert"), await count("alert_transition"), changed().length]).toEqual([1, 2, 1]);
      expect((await tenant().instances.getMany([loaded.id]))[0]!.version).toBe(2);
    });

    test("of two first evaluations of an instance the second writes nothing", async () => {
      const rule = await storeRule(harness);
      const unstored = unstoredInstance(harness, rule);
      const change = { instance: unstored, alerts: [], transitions: [] };
      expect(await tenant().instances.commit({ rule, changes: [change], at: START })).toBe(true);
      expect(await tenant().instances.commit({ rule, changes: [change], at: START })).toBe(false);
    });

    test("one instance that has moved takes the whole batch down", async () => {
      const rule = await storeRule(harness);
      const [a, b] = [unstoredInstance(harness, rule, { host: "a" }), unstoredInstance(harness, rule, { host: "b" })];
      await tenant().instances.commit({ rule, changes: [{ instance: a, alerts: [], transitions: [] }], at: START });
      const changes = [b, a].map((instance) => ({ instance, alerts: [], transitions: [] }));
      expect(await tenant().instances.commit({ rule, changes, at: START })).toBe(false);
      expect(await count("rule_instance")).toBe(1);
    });

    test("an instance that was forgotten meanwhile does not come back", async () => {
      const rule = await storeRule(harness);
      const { instance } = await evaluate(harness, rule, { outcome: "false" });
      const change = { instance, alerts: [], transitions: [] };
      expect(await tenant().instances.commit({ rule, changes: [{ ...change, forget: true }], at: START })).toBe(true);
      expect(await count("rule_instance")).toBe(0);
      expect(await tenant().instances.commit({ rule, changes: [change], at: START })).toBe(false);
    });

    test.each([
      ["at another version", { enabled: true }, 1],
      ["disabled", { enabled: false }, 2],
    ])("a rule that is %s by now takes no evaluation", async (_, { enabled }, version) => {
      const rule = await storeRule(harness);
      await tenant().rules.replace({ ...rule, enabled, version: 2 }, { changes: [], keeps: "all", at: START });
      const change = { instance: unstoredInstance(harness, rule), alerts: [], transitions: [] };
      expect(await tenant().instances.commit({ rule: { id: rule.id, version }, changes: [change], at: START })).toBe(false);
      expect(await count("rule_instance")).toBe(0);
    });

    test("the instance beyond the most that a rule may have is refused, the others go on", async () => {
      const rule = await storeRule(harness, { maxInstances: 20 });
      const instances = Array.from({ length: 21 }, (_, n) => unstoredInstance(harness, rule, { host: String(n) }));
      const changes = instances.map((instance) => ({
        instance,
        of: { id: instance.series, metricKey: "cpu", dimensions: {} },
        alerts: [],
        transitions: [],
      }));
      expect(await tenant().instances.commit({ rule, changes, at: START })).toBe(false);
      expect(await tenant().instances.commit({ rule, changes: changes.slice(1), at: START })).toBe(true);
      expect(await tenant().instances.commit({ rule, changes: changes.slice(0, 1), at: START })).toBe(false);
      const again = changes.slice(1).map((change) => ({ ...change, instance: { ...change.instance, version: 1 } }));
      expect(await tenant().instances.commit({ rule, changes: again, at: START })).toBe(true);
    });

    test("an evaluation that changes the value alone updates the episode and tells nobody", async () => {
      const rule = await storeRule(harness);
      const id = await fire(harness, rule);
      await evaluate(harness, rule, { at: START + 60_000, outcome: "true", value: 97.25 });
      expect((await tenant().alerts.get(id))!.episode).toMatchObject({ value: 97.25, firingValue: 95, startedAt: START });
      expect(changed()).toHaveLength(1);
    });

    test("an evaluation leaves the notification count alone", async () => {
      const rule = await storeRule(harness);
      const id = await fire(harness, rule);
      await harness.database.write([{ sql: "UPDATE alert SET notification_count = 3, last_notified_at = 7", args: {} }]);
      await evaluate(harness, rule, { at: START + 60_000, outcome: "false", value: 1 });
      expect(await tenant().alerts.get(id)).toMatchObject({
        notificationCount: 3,
        lastNotifiedAt: 7,
        condition: "inactive",
        episode: { resolvedAt: START + 60_000, reason: "recovered" },
      });
    });
  });

  test("pending instances are listed a page at a time, with their rule and series, and filtered", async () => {
    const rule = await storeRule(harness, { for: "5m" });
    const critical = await storeRule(harness, { for: "5m", severity: "critical", selector: { metricKey: "load" } });
    for (const host of ["a", "b"]) await evaluate(harness, rule, { outcome: "true", value: 95 }, { host });
    await evaluate(harness, critical, { outcome: "true", value: 95 });
    await evaluate(harness, await storeRule(harness), { outcome: "true", value: 95 });

    const first = await tenant().instances.pending({}, { limit: 2 });
    const second = await tenant().instances.pending({}, { limit: 2, cursor: first.nextCursor! });
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
    const hosts = (await tenant().instances.pending({ rule: rule.id }, { limit: 10 })).items.map(({ of }) => of!.dimensions["host"]);
    expect(new Set(hosts)).toEqual(new Set(["a", "b"]));
    for (const filter of [{ severity: "critical" }, { metricKey: "load" }, { series: tenant().series.idOf("load", {}) }] as const) {
      expect((await tenant().instances.pending(filter, { limit: 10 })).items.map(({ parent }) => parent)).toEqual([critical]);
    }
  });

  test("instances of another organisation are neither read nor written", async () => {
    const rule = await storeRule(harness);
    await storeRule(harness, {}, harness.otherOrg);
    const { instance } = await evaluate(harness, { ...rule }, { outcome: "false" });
    const other = harness.deps.store.forOrg(harness.otherOrg).instances;
    expect(await other.getMany([instance.id])).toEqual([]);
    expect(await other.find(rule.id, instance.series!)).toBeNull();
    expect(await other.ofRule(rule.id)).toEqual([]);
    expect(await other.commit({ rule, changes: [{ instance, alerts: [], transitions: [] }], at: START })).toBe(false);
    expect((await tenant().instances.getMany([instance.id]))[0]!.version).toBe(1);

    const pending = await storeRule(harness, { for: "5m" });
    await evaluate(harness, pending, { outcome: "true", value: 95 });
    expect((await other.pending({}, { limit: 10 })).items).toEqual([]);
  });
});
