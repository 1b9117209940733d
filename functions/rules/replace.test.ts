import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Problem } from "../../shared/contract/problem.ts";
import type { RuleDefinition } from "../../shared/contract/rule.ts";
import { evaluate, fire, ruleDefinition, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { startHttp } from "../../shared/testing/http.ts";
import rulesHttp from "./http.ts";
import { replaceRule } from "./replace.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);
const changed = () => harness.committed.filter(({ type }) => type === "alert.changed").map(({ data }) => data);
const put = (id: string, definition: RuleDefinition, options = {}) => harness.call(replaceRule, { id, ...definition }, options);

describe("200", () => {
  test("the identical rule again changes nothing and tells nobody", async () => {
    const rule = await storeRule(harness);
    await fire(harness, rule);
    harness.committed.length = 0;
    harness.clock.advance(1_000);
    expect(await put(rule.id, ruleDefinition())).toMatchObject({ version: 1, updatedAt: "2026-11-20T10:00:00.000Z" });
    expect(harness.committed).toEqual([]);
  });

  test("what was read can be written back as it is", async () => {
    const rule = await storeRule(harness);
    const server = startHttp(harness);
    const key = await server.keyOf(harness.org, ["*"]);
    const path = `/api/v1/rules/${rule.id}`;
    const { body } = await server.request(rulesHttp, "GET", path, { key });
    expect(await server.request(rulesHttp, "PUT", path, { key, body })).toMatchObject({ status: 200, body: body as object });
  });

  test.each([
    ["another threshold", { condition: { operator: "gt", value: 99 } }],
    ["another for", { for: "10m" }],
    ["another name and labels", { name: "Busy", labels: { team: "web" } }],
  ])("%s keeps the episode, and the version grows", async (_, changes) => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    harness.clock.advance(1_000);
    expect(await put(rule.id, ruleDefinition(changes))).toMatchObject({ version: 2, updatedAt: "2026-11-20T10:00:01.000Z" });
    expect((await tenant().alerts.get(id))!.episode.resolvedAt).toBeNull();
    expect(changed()).toHaveLength(1);
    const { alert } = await evaluate(harness, (await tenant().rules.get(rule.id))!, { at: START + 60_000, outcome: "true", value: 99.5 });
    expect(alert).toBe(id);
  });

  test("disabling resolves what is open and forgets the instances", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await put(rule.id, ruleDefinition({ enabled: false }));
    expect(await tenant().alerts.get(id)).toMatchObject({ condition: "inactive", episode: { reason: "rule_disabled", resolvedAt: START } });
    expect(changed().at(-1)).toMatchObject({ alert: id, to: "resolved" });
    expect(await tenant().instances.ofRule(rule.id)).toEqual([]);
  });

  test("a selector that leaves a series out resolves its alert, the others go on", async () => {
    const rule = await storeRule(harness);
    const [a, b] = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    await put(rule.id, ruleDefinition({ selector: { metricKey: "cpu", matchers: [{ name: "host", op: "!=", value: "b" }] } }));
    expect((await tenant().alerts.get(a))!.episode.resolvedAt).toBeNull();
    expect((await tenant().alerts.get(b))!.episode.reason).toBe("rule_changed");
    expect(await tenant().instances.ofRule(rule.id)).toMatchObject([{ of: { dimensions: { host: "a" } } }]);
  });

  test("a rule of another kind begins anew", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await put(rule.id, ruleDefinition({ kind: "anomaly", condition: {} }));
    expect((await tenant().alerts.get(id))!.episode.reason).toBe("rule_changed");
  });

  test("a change that loses against an evaluation is made again upon it", async () => {
    const rule = await storeRule(harness);
    const raced = { id: null as string | null };
    const { rules } = tenant();
    const store = {
      ...harness.deps.store,
      forOrg: () => ({
        ...tenant(),
        rules: {
          ...rules,
          async replace(...args: Parameters<typeof rules.replace>) {
            raced.id ??= await fire(harness, rule);
            return rules.replace(...args);
          },
        },
      }),
    };
    const input = { id: rule.id, ...ruleDefinition({ enabled: false }) };
    const context = { org: harness.org, requireMatch: () => {} };
    await replaceRule.handle(input as never, context as never, { ...harness.deps, store });
    expect((await tenant().alerts.get(raced.id as never))!.episode.reason).toBe("rule_disabled");
  });
});

describe("400", () => {
  test("a pattern that RE2 refuses leaves the rule as it was", async () => {
    const rule = await storeRule(harness);
    const selector = { metricKey: "cpu", matchers: [{ name: "host", op: "=~", value: "[" }] };
    await expect(put(rule.id, ruleDefinition({ selector }))).rejects.toMatchObject({ kind: "validation-failed" });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing", async () => {
    const rule = await storeRule(harness);
    await expect(put(rule.id, ruleDefinition({ name: "mine" }), { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });
});

describe("412", () => {
  test("a rule that has changed since it was read is left alone", async () => {
    const rule = await storeRule(harness);
    const seen: unknown[] = [];
    const requireMatch = (present: unknown) => {
      seen.push(present);
      throw new Problem("precondition-failed", "stale");
    };
    await expect(put(rule.id, ruleDefinition({ name: "mine" }), { context: { requireMatch } })).rejects.toMatchObject({
      kind: "precondition-failed",
    });
    expect(seen).toMatchObject([{ id: rule.id, version: 1, for: "0s" }]);
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });
});
