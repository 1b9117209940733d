import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { instanceChange } from "../core/alert/alert-record.ts";
import { endEpisode } from "../core/alert/step.ts";
import type { Rule } from "../contract/rule.ts";
import { MAX_RULES } from "../ports/alerting.ts";
import { evaluate, fire, ruleDefinition, storeRule } from "../testing/alerting.ts";
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

  async function endings(rule: Rule, reason: "rule_deleted" | "rule_disabled") {
    const instances = await tenant().instances.ofRule(rule.id);
    return instances.map((loaded) => {
      const { instance: after, transitions } = endEpisode(loaded.state, START, reason);
      return instanceChange(loaded, { after, transitions }, rule, loaded.of);
    });
  }

  test("a stored rule reads back as it was", async () => {
    const rule = await storeRule(harness, { kind: "anomaly", condition: { direction: "above" }, for: "5m", labels: { team: "web" } });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });

  test("rules are listed by id, a page at a time, and those that are enabled all at once", async () => {
    const rules = [await storeRule(harness), await storeRule(harness, { enabled: false }), await storeRule(harness)];
    const ids = rules.map(({ id }) => id).toSorted();
    const first = await tenant().rules.list({ limit: 2 });
    const second = await tenant().rules.list({ limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    expect((await tenant().rules.enabled()).map(({ id }) => id)).toEqual(ids.filter((id) => id !== rules[1]!.id));
  });

  test("the rule beyond the most that an organisation may have is refused", async () => {
    const fill = "INSERT INTO rule SELECT 'rul_' || value, :org, 1, '{}', 1, 0, 0, 1 FROM json_each(:numbers)";
    const numbers = JSON.stringify(Array.from({ length: MAX_RULES }, (_, n) => n));
    await harness.database.write([{ sql: fill, args: { org: harness.org, numbers } }]);
    await expect(storeRule(harness)).rejects.toThrow("full");
    expect((await storeRule(harness, {}, harness.otherOrg)).version).toBe(1);
  });

  describe("replace", () => {
    test("of two changes of the same version the second writes nothing", async () => {
      const rule = await storeRule(harness);
      const none = { changes: [], keeps: "all", at: START } as const;
      expect(await tenant().rules.replace({ ...rule, name: "one", version: 2 }, none)).toBe(true);
      expect(await tenant().rules.replace({ ...rule, name: "two", version: 2 }, none)).toBe(false);
      expect(await tenant().rules.get(rule.id)).toEqual({ ...rule, name: "one", version: 2 });
    });

    test("a rule that is not there is not made", async () => {
      const rule = await storeRule(harness);
      await tenant().rules.remove(rule.id, 1, { changes: [], at: START });
      expect(await tenant().rules.replace({ ...rule, version: 2 }, { changes: [], keeps: "all", at: START })).toBe(false);
      expect(await tenant().rules.get(rule.id)).toBeNull();
    });

    test("a rule that stops writes the ends of its episodes with it, and forgets its instances", async () => {
      const rule = await storeRule(harness);
      const id = await fire(harness, rule);
      const changes = await endings(rule, "rule_disabled");
      const stopped = { ...rule, enabled: false, version: 2 };
      expect(await tenant().rules.replace(stopped, { changes, keeps: [], at: START })).toBe(true);
      expect((await tenant().alerts.get(id))!.episode).toMatchObject({ resolvedAt: START, reason: "rule_disabled" });
      expect(await tenant().instances.ofRule(rule.id)).toEqual([]);
      expect(harness.committed.at(-1)).toMatchObject({ type: "alert.changed", data: { alert: id, to: "resolved" } });
    });

    test("an episode that began after the ends were decided refuses the change", async () => {
      const rule = await storeRule(harness);
      const changes = await endings(rule, "rule_disabled");
      const id = await fire(harness, rule);
      expect(await tenant().rules.replace({ ...rule, enabled: false, version: 2 }, { changes, keeps: [], at: START })).toBe(false);
      expect(await tenant().rules.get(rule.id)).toEqual(rule);
      expect((await tenant().alerts.get(id))!.episode.resolvedAt).toBeNull();
    });

    test("instances that are kept go on with their episodes", async () => {
      const rule = await storeRule(harness);
      const kept = await fire(harness, rule, { dimensions: { host: "a" } });
      const { instance } = await evaluate(harness, rule, { outcome: "false" }, { host: "b" });
      const [own] = (await tenant().instances.ofRule(rule.id)).filter(({ id }) => id !== instance.id);
      expect(await tenant().rules.replace({ ...rule, version: 2 }, { changes: [], keeps: [own!.id], at: START })).toBe(true);
      expect((await tenant().instances.ofRule(rule.id)).map(({ id }) => id)).toEqual([own!.id]);
      expect((await tenant().alerts.get(kept))!.episode.resolvedAt).toBeNull();
    });
  });

  test("deleting a rule keeps its episodes, ended", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    expect(await tenant().rules.remove(rule.id, 2, { changes: [], at: START })).toBe(false);
    expect(await tenant().rules.remove(rule.id, 1, { changes: [], at: START })).toBe(false);
    expect(await tenant().rules.remove(rule.id, 1, { changes: await endings(rule, "rule_deleted"), at: START })).toBe(true);
    expect(await tenant().rules.get(rule.id)).toBeNull();
    expect(await tenant().alerts.get(id)).toMatchObject({ ruleName: "CPU is high", episode: { reason: "rule_deleted" } });
  });

  test("rules of another organisation are neither read nor written", async () => {
    const rule = await storeRule(harness);
    const other = harness.deps.store.forOrg(harness.otherOrg).rules;
    expect(await other.get(rule.id)).toBeNull();
    expect((await other.list({ limit: 10 })).items).toEqual([]);
    expect(await other.enabled()).toEqual([]);
    const foreign: Rule = { ...ruleDefinition(), id: rule.id, version: 2, createdAt: START, updatedAt: START };
    expect(await other.replace(foreign, { changes: [], keeps: [], at: START })).toBe(false);
    await other.remove(rule.id, 1, { changes: [], at: START });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });
});
