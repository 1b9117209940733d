import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import type { RuleAnswer } from "../../shared/contract/rule.ts";
import { MAX_RULES } from "../../shared/ports/alerting.ts";
import { createRule } from "./create.ts";
import { getRule } from "./get.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const rule = (changes: object = {}) => ({
  name: "CPU is high",
  kind: "threshold",
  selector: { metricKey: "cpu", dimensions: { region: "eu" } },
  condition: { operator: "gt", value: 90, window: "5m" },
  for: "10m",
  ...changes,
});

describe("201", () => {
  test("a new rule is answered whole, with its defaults and durations as texts, and is found again", async () => {
    const created = (await harness.call(createRule, rule())) as RuleAnswer;
    expect(created).toMatchObject({
      name: "CPU is high",
      selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=", value: "eu" }] },
      condition: { operator: "gt", value: 90, aggregate: "last", window: "5m" },
      for: "10m",
      keepFiringFor: "0s",
      interval: "1m",
      severity: "warning",
      repeatInterval: "4h",
      enabled: true,
      version: 1,
      createdAt: "2026-11-20T10:00:00.000Z",
    });
    expect(await harness.call(getRule, { id: created.id })).toEqual(created);
    expect(createRule.location!(created as never)).toBe(`/api/v1/rules/${created.id}`);
  });

  test("a rule says that each series has an alert of its own; another grouping is refused, not passed over", async () => {
    expect(await harness.call(createRule, rule())).toMatchObject({ groupBy: [] });
    expect(await harness.call(createRule, rule({ groupBy: [] }))).toMatchObject({ groupBy: [] });
    expect(v.safeParse(createRule.input, rule({ groupBy: ["region"] })).issues).toMatchObject([{ path: [{ key: "groupBy" }] }]);
  });

  test("an anomaly rule keeps its filters", async () => {
    const created = await harness.call(createRule, rule({ kind: "anomaly", condition: { direction: "above", minRelative: 0.2 } }));
    expect(created).toMatchObject({ condition: { minSeverity: "medium", direction: "above", minRelative: 0.2 } });
  });
});

describe("400", () => {
  test("a method that there is none of is refused with those there are: the rule would never fire", async () => {
    const methods = ["level-shift", "spike"];
    await expect(harness.call(createRule, rule({ kind: "anomaly", condition: { methods } }))).rejects.toMatchObject({
      errors: [{ path: "condition.methods[1]", message: expect.stringMatching(/^Expected one of value-novelty, .*no-data$/) as unknown }],
    });
  });

  test.each([
    ["a pattern that RE2 refuses", { selector: { metricKey: "cpu", matchers: [{ name: "region", op: "=~", value: "(" }] } }],
    ["a pattern with a look-ahead", { selector: { metricKey: "cpu", matchers: [{ name: "region", op: "!~", value: "a(?=b)" }] } }],
  ])("%s is refused with its path", async (_, changes) => {
    await expect(harness.call(createRule, rule(changes))).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "selector.matchers[0].value" }],
    });
  });

  test.each([
    ["above the value of gt", { operator: "gt", value: 90, recover: 91 }],
    ["below the value of lte", { operator: "lte", value: 10, recover: 9 }],
    ["beside eq", { operator: "eq", value: 1, recover: 1 }],
    ["above the critical value of gt", { operator: "gt", value: 90, critical: { value: 95, recover: 96 } }],
  ])("a recovery threshold %s is refused", async (_, condition) => {
    await expect(harness.call(createRule, rule({ condition }))).rejects.toThrow("Expected at most the value for gt and gte");
  });
});

describe("422", () => {
  test("an organisation that has as many rules as it may gets no more", async () => {
    const fill = "INSERT INTO rule SELECT 'rul_' || value, :org, 1, '{}', 1, 0, 0 FROM json_each(:numbers)";
    const numbers = JSON.stringify(Array.from({ length: MAX_RULES }, (_, n) => n));
    await harness.database.write([{ sql: fill, args: { org: harness.org, numbers } }]);
    await expect(harness.call(createRule, rule())).rejects.toMatchObject({ kind: "limit-reached" });
  });
});
