import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fire, storeRule } from "../../shared/testing/alerting.ts";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import { createRule } from "./create.ts";
import { patchRule } from "./patch.ts";
import { previewTemplate } from "./preview-template.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const TEMPLATE = "{{labels.team}}: {{series}} is at {{value}}, {{compared}} {{threshold}}, for {{duration}}";
const preview = (input: object, org = harness.org) => harness.call(previewTemplate, { template: TEMPLATE, ...input }, { org });
const selector = { metricKey: "cpu", dimensions: { region: "eu" } };

describe("200", () => {
  test("with an alert, it says what a message would", async () => {
    const rule = await storeRule(harness, { labels: { team: "infra" } });
    const alertId = await fire(harness, rule, { dimensions: { host: "a" } });
    harness.clock.advance(90_000);
    expect(await preview({ alertId })).toEqual({ text: "infra: cpu{host=a} is at 95,  , for 1 min 30 s", alertId });
  });

  test("with a rule, it is filled in with its newest alert", async () => {
    const rule = await storeRule(harness, { labels: { team: "infra" } });
    await fire(harness, rule, { dimensions: { host: "a" } });
    harness.clock.advance(60_000);
    const alertId = await fire(harness, rule, { dimensions: { host: "b" } });
    expect(await preview({ ruleId: rule.id, template: "{{dimensions.host}}" })).toEqual({ text: "b", alertId });
  });

  test("with a rule that never fired, with an alert that is made up from it", async () => {
    const rule = await storeRule(harness, { labels: { team: "infra" }, selector });
    expect(await preview({ ruleId: rule.id })).toEqual({ text: "infra: cpu{region=eu} is at 90, above 90, for 5 min", alertId: null });
    const anomaly = await storeRule(harness, { kind: "anomaly", condition: {}, selector });
    expect(await preview({ ruleId: anomaly.id, template: "[{{value}}{{threshold}}]" })).toEqual({ text: "[]", alertId: null });
  });
});

describe("400", () => {
  test("a template with a name that there is not is refused, by a preview and by a rule", async () => {
    const rule = await storeRule(harness);
    const errors = (path: string) => ({
      kind: "validation-failed",
      errors: [{ path, message: expect.stringContaining("There is no {{cpu}}. There are rule,") }],
    });
    await expect(preview({ ruleId: rule.id, template: "{{cpu}}" })).rejects.toMatchObject(errors("template"));
    const changes = { annotations: { runbook: "{{metric}}", summary: "{{cpu}}" } };
    const created = { name: "CPU", kind: "threshold", selector, condition: { operator: "gt", value: 90 }, ...changes };
    await expect(harness.call(createRule, created)).rejects.toMatchObject(errors("annotations.summary"));
    await expect(harness.call(patchRule, { id: rule.id, ...changes })).rejects.toMatchObject(errors("annotations.summary"));
  });

  test("a rule from before there were templates can still be switched off", async () => {
    const annotations = { summary: "{{ $labels.instance }}" };
    const rule = await storeRule(harness, { annotations });
    expect(await harness.call(patchRule, { id: rule.id, enabled: false })).toMatchObject({ enabled: false, annotations });
    await expect(harness.call(patchRule, { id: rule.id, labels: { team: "infra" } })).rejects.toThrow("validation-failed");
  });

  test("an annotation stays in the rule as it was written", async () => {
    const annotations = { summary: "{{metric}} is at {{value}}" };
    const created = { name: "CPU", kind: "threshold", selector, condition: { operator: "gt", value: 90 }, annotations };
    expect(await harness.call(createRule, created)).toMatchObject({ annotations });
  });

  test.each([
    ["neither an alert nor a rule", {}],
    ["both", { alertId: `alt_${"0".repeat(24)}`, ruleId: `rul_${"0".repeat(24)}` }],
    ["a template that is too long", { template: "x".repeat(1_025), ruleId: `rul_${"0".repeat(24)}` }],
  ])("%s", async (_, input) => {
    await expect(preview(input)).rejects.toThrow(/Expected either alertId or ruleId|Invalid length/);
  });
});

describe("404", () => {
  test("an alert or a rule of another organisation is answered like one that is missing", async () => {
    const rule = await storeRule(harness);
    const alertId = await fire(harness, rule);
    for (const input of [{ alertId }, { ruleId: rule.id }]) {
      await expect(preview(input, harness.otherOrg)).rejects.toMatchObject({ kind: "not-found" });
    }
    await expect(preview({ ruleId: `rul_${"0".repeat(24)}` })).rejects.toMatchObject({ kind: "not-found" });
  });
});
