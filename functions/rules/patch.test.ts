import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { patchRule } from "./patch.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const tenant = () => harness.deps.store.forOrg(harness.org);

describe("200", () => {
  test("members that are named change, the others stay", async () => {
    const rule = await storeRule(harness, { for: "5m", labels: { team: "web", tier: "1" } });
    const patch = { condition: { value: 95 }, labels: { tier: null, site: "eu" } };
    expect(await harness.call(patchRule, { id: rule.id, ...patch })).toMatchObject({
      version: 2,
      for: "5m",
      condition: { operator: "gt", value: 95, aggregate: "last" },
      labels: { team: "web", site: "eu" },
    });
  });

  test("null puts a default back", async () => {
    const rule = await storeRule(harness, { for: "5m", severity: "critical" });
    expect(await harness.call(patchRule, { id: rule.id, for: null, severity: null })).toMatchObject({ for: "0s", severity: "warning" });
  });

  test("a patch that changes nothing leaves the version", async () => {
    const rule = await storeRule(harness, { for: "5m" });
    expect(await harness.call(patchRule, { id: rule.id, for: "300s" })).toMatchObject({ version: 1 });
  });

  test("disabling resolves what is open", async () => {
    const rule = await storeRule(harness);
    const id = await fire(harness, rule);
    await harness.call(patchRule, { id: rule.id, enabled: false });
    expect((await tenant().alerts.get(id))!.episode.reason).toBe("rule_disabled");
  });
});

test("what fires goes on as one alert under the rule's new name, labels and annotations", async () => {
  const rule = await storeRule(harness, { labels: { team: "web" } });
  const alert = await fire(harness, rule);
  const changed = { name: "CPU is hot", labels: { team: "db" }, annotations: { runbook_url: "https://example.com/cpu" } };
  await harness.call(patchRule, { id: rule.id, ...changed });
  const { name: ruleName, ...said } = changed;
  expect(await harness.deps.store.forOrg(harness.org).alerts.get(alert)).toMatchObject({
    ruleName,
    ...said,
    episode: { resolvedAt: null },
  });
});

describe("400", () => {
  test.each([
    [{ colour: "red" }, "colour"],
    [{ condition: { value: null } }, "condition.value"],
    [{ for: "soon" }, "for"],
    [{ name: null }, "name"],
  ])("%j is refused with the path of what is wrong", async (patch, path) => {
    const rule = await storeRule(harness);
    await expect(harness.call(patchRule, { id: rule.id, ...patch })).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [expect.objectContaining({ path })],
    });
    expect(await tenant().rules.get(rule.id)).toEqual(rule);
  });
});

describe("404", () => {
  test("a rule of another organisation is answered like one that is missing", async () => {
    const rule = await storeRule(harness);
    const patched = harness.call(patchRule, { id: rule.id, name: "mine" }, { org: harness.otherOrg });
    await expect(patched).rejects.toMatchObject({ kind: "not-found" });
  });
});
