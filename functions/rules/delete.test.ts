import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { evaluate, fire, storeRule } from "../../shared/testing/alerting.ts";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { deleteRule } from "./delete.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);

describe("204", () => {
  test("its open alerts are resolved with it, each with an event, and stay to be read", async () => {
    const rule = await storeRule(harness);
    const ids = [await fire(harness, rule, { dimensions: { host: "a" } }), await fire(harness, rule, { dimensions: { host: "b" } })];
    await evaluate(harness, rule, { outcome: "false" }, { host: "c" });
    harness.committed.length = 0;
    expect(await harness.call(deleteRule, { id: rule.id })).toBeNull();
    expect(await tenant().rules.get(rule.id)).toBeNull();
    for (const id of ids) expect((await tenant().alerts.get(id))!.episode).toMatchObject({ reason: "rule_deleted", resolvedAt: START });
    expect(harness.committed).toHaveLength(2);
    expect(new Set(harness.committed.map(({ data }) => (data as { alert: string }).alert))).toEqual(new Set(ids));
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing, and stays", async () => {
    const rule = await storeRule(harness);
    await expect(harness.call(deleteRule, { id: rule.id }, { org: harness.otherOrg })).rejects.toMatchObject({ kind: "not-found" });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
    await harness.call(deleteRule, { id: rule.id });
    await expect(harness.call(deleteRule, { id: rule.id })).rejects.toMatchObject({ kind: "not-found" });
  });
});
