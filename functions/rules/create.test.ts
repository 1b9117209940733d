import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import { START, startHarness } from "../../shared/testing/harness.ts";
import type { Harness } from "../../shared/testing/harness.ts";
import type { RuleAnswer } from "../../shared/contract/rule.ts";
import { MAX_RULES } from "../../shared/ports/alerting.ts";
import { createRule } from "./create.ts";
import { getRule } from "./get.ts";
import { patchRule } from "./patch.ts";
import { replaceRule } from "./replace.ts";

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

  test("a rule groups series where their points say something together; elsewhere a grouping is refused, not passed over", async () => {
    expect(await harness.call(createRule, rule())).toMatchObject({ groupBy: [] });
    expect(await harness.call(createRule, rule({ groupBy: [] }))).toMatchObject({ groupBy: [] });
    const grouped = (changes: Record<string, unknown>) => v.safeParse(createRule.input, rule({ groupBy: ["region"], ...changes }));
    expect(grouped({ condition: { operator: "gt", value: 90, aggregate: "avg" } }).success).toBe(true);
    // Which is the last of several series' values, nobody can say.
    expect(grouped({}).issues).toMatchObject([{ path: [{ key: "groupBy" }], message: expect.stringContaining("aggregate") }]);
    expect(grouped({ kind: "anomaly", condition: {} }).issues).toMatchObject([{ path: [{ key: "groupBy" }] }]);
    expect(grouped({ kind: "missing-data", condition: {} }).success).toBe(true);
    const required = { kind: "missing-data", condition: { requireSeries: [{ dimensions: { region: "eu" } }] } };
    expect(grouped(required).issues).toMatchObject([{ path: [{ key: "groupBy" }], message: expect.stringContaining("requireSeries") }]);
  });

  test("an anomaly rule keeps its filters", async () => {
    const created = await harness.call(createRule, rule({ kind: "anomaly", condition: { direction: "above", minRelative: 0.2 } }));
    expect(created).toMatchObject({ condition: { minSeverity: "medium", direction: "above", minRelative: 0.2 } });
  });
});

describe("each kind", () => {
  test.each<[string, object, object]>([
    [
      "rate-of-change",
      { operator: "gt", value: 5, unit: "per_minute", window: "10m" },
      { operator: "gt", value: 5, unit: "per_minute", direction: "increase", window: "10m", resetAware: false },
    ],
    ["missing-data", {}, { grace: 3 }],
    [
      "missing-data",
      { expectedInterval: 90_000, grace: 2, requireSeries: [{ dimensions: { host: "a" } }] },
      { expectedInterval: "90s", grace: 2, requireSeries: [{ dimensions: { host: "a" } }] },
    ],
    [
      "forecast",
      { operator: "lt", value: 5, horizon: "4h" },
      { operator: "lt", value: 5, probability: 0.8, horizon: "4h", confirm: { need: 2, of: 3 } },
    ],
  ])("%s is answered with its defaults, and what is answered can be written back", async (kind, condition, expected) => {
    const created = (await harness.call(createRule, rule({ kind, condition }))) as RuleAnswer;
    expect(created.condition).toEqual(expected);
    const again = (await harness.call(createRule, rule({ kind, condition: created.condition }))) as RuleAnswer;
    expect(again.condition).toEqual(expected);
  });

  test.each<[string, object, string]>([
    ["rate-of-change", { operator: "gt", value: 5 }, "condition.window"],
    ["rate-of-change", { operator: "gt", value: 5, window: "5m", recover: 6 }, "condition.recover"],
    ["rate-of-change", { operator: "gt", value: 5, window: "5m", per: "1m" }, "condition.per"],
    ["rate-of-change", { operator: "gt", value: 5, window: "5m", unit: "per_week" }, "condition.unit"],
    ["rate-of-change", { operator: "gt", value: 5, window: "5m", direction: "down" }, "condition.direction"],
    ["missing-data", { grace: 0.5 }, "condition.grace"],
    ["missing-data", { requireSeries: ["a"] }, "condition.requireSeries.0"],
    ["missing-data", { requireSeries: [] }, "condition.requireSeries"],
    ["forecast", { operator: "gt", value: 5 }, "condition.horizon"],
    ["forecast", { operator: "eq", value: 5, horizon: "1h" }, "condition.operator"],
    ["forecast", { operator: "gt", value: 5, horizon: "1h", probability: 1 }, "condition.probability"],
    ["forecast", { operator: "gt", value: 5, horizon: "1h", need: 1 }, "condition.need"],
    ["composite", { operator: "all", rules: [] }, "condition.operator"],
    ["forecast", { operator: "gt", value: 5, horizon: "1h", confirm: { need: 3, of: 2 } }, "condition.confirm.need"],
  ])("%s of %j is refused", (kind, condition, path) => {
    const parsed = v.safeParse(createRule.input, rule({ kind, condition }));
    expect(parsed.issues?.map((issue) => v.getDotPath(issue))).toContain(path);
  });
});

describe("a missing-data rule that names series by their ids", () => {
  const silent = (requireSeries: readonly unknown[]) => ({
    name: "Silent",
    kind: "missing-data",
    selector: { metricKey: "cpu" },
    condition: { requireSeries },
  });

  test("has them by their dimensions, each once, and written again it changes nothing", async () => {
    const a = await harness.store("cpu", [[START, 1]], { host: "a" });
    const written = silent([a, { dimensions: { host: "b" } }, { dimensions: { host: "a" } }]);
    const created = (await harness.call(createRule, written)) as RuleAnswer;
    const requireSeries = [{ dimensions: { host: "a" } }, { dimensions: { host: "b" } }];
    expect(created.condition).toEqual({ grace: 3, requireSeries });
    const { id } = created;
    expect(await harness.call(replaceRule, { id, ...written })).toEqual(created);
    expect(await harness.call(patchRule, { id, condition: { requireSeries: [a] } })).toMatchObject({
      version: 2,
      condition: { requireSeries: [{ dimensions: { host: "a" } }] },
    });
  });

  test("of an id that is no series, another organisation's or another metric's, is refused with its place", async () => {
    const cpu = await harness.store("cpu", [[START, 1]]);
    const disk = await harness.store("disk", [[START, 1]]);
    await expect(harness.call(createRule, silent([cpu, disk, `ser_${"0".repeat(24)}`]))).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [
        { path: "condition.requireSeries[1]", message: "Expected a series of cpu, as the selector has it" },
        { path: "condition.requireSeries[2]", message: "There is no such series" },
      ],
    });
    await expect(harness.call(createRule, silent([cpu]), { org: harness.otherOrg })).rejects.toMatchObject({
      errors: [{ path: "condition.requireSeries[0]", message: "There is no such series" }],
    });
  });
});

describe("a composite rule", () => {
  const composite = (rules: readonly string[], operator = "all") => ({ name: "Both", kind: "composite", condition: { [operator]: rules } });
  const make = async (input: object) => ((await harness.call(createRule, input)) as RuleAnswer).id;

  test("looks at rules that are there, at no series, and what is answered can be written back", async () => {
    const rules = [await make(rule()), await make(rule())];
    const created = (await harness.call(createRule, composite(rules, "any"))) as RuleAnswer;
    expect(created).toMatchObject({ kind: "composite", condition: { any: rules }, for: "0s" });
    expect(created).not.toHaveProperty("selector");
    expect(await harness.call(getRule, { id: created.id })).toEqual(created);
    const { id, version: _version, createdAt: _createdAt, updatedAt: _updatedAt, ...definition } = created;
    expect(await harness.call(replaceRule, { id, ...definition })).toEqual(created);
  });

  test("of a rule that is not there, or another organisation's, is refused with its place", async () => {
    const own = await make(rule());
    const foreign = ((await harness.call(createRule, rule(), { org: harness.otherOrg })) as RuleAnswer).id;
    await expect(make(composite([own, foreign]))).rejects.toMatchObject({
      kind: "validation-failed",
      errors: [{ path: "condition.all[1]", message: "There is no such rule" }],
    });
  });

  test("that would come back to itself over another is refused, and stays as it was", async () => {
    const leaf = await make(rule());
    const inner = await make(composite([leaf]));
    const outer = await make(composite([inner, leaf]));
    const changed = harness.call(replaceRule, { id: inner, ...composite([outer]) });
    await expect(changed).rejects.toMatchObject({ kind: "validation-failed", errors: [{ path: "condition.all" }] });
    expect(await harness.call(getRule, { id: inner })).toMatchObject({ version: 1, condition: { all: [leaf] } });
  });

  test("has no selector, and not looks at one rule", () => {
    const id = `rul_${"0".repeat(24)}`;
    const wrong = [{ ...composite([id]), selector: { metricKey: "cpu" } }, composite([id, `rul_${"1".repeat(24)}`], "not"), composite([])];
    expect(wrong.map((one) => v.safeParse(createRule.input, one).success)).toEqual([false, false, false]);
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

describe("a critical value", () => {
  const conditionOf = (kind: string, condition: object) =>
    v
      .safeParse(createRule.input, rule({ kind, condition: { ...condition, ...(kind === "threshold" ? {} : { window: "5m" }) } }))
      .issues?.map((issue) => v.getDotPath(issue));

  test.each(["threshold", "rate-of-change"])("of a %s rule that is easier to reach than the value is refused", (kind) => {
    for (const [operator, critical] of [
      ["gt", 5],
      ["gte", 9.9],
      ["lt", 11],
      ["lte", 20],
    ] as const)
      expect(conditionOf(kind, { operator, value: 10, critical: { value: critical } })).toEqual(["condition.critical.value"]);
    for (const [operator, critical] of [
      ["gt", 15],
      ["gte", 10],
      ["lt", 5],
      ["eq", 5],
      ["neq", 11],
    ] as const)
      expect(conditionOf(kind, { operator, value: 10, critical: { value: critical } })).toBeUndefined();
  });
});

describe("limits of a rule", () => {
  test("are a day of silence and 500 instances unless it says otherwise", async () => {
    expect(await harness.call(createRule, rule())).toMatchObject({ expireAfter: "1d", maxInstances: 500 });
    expect(await harness.call(createRule, rule({ expireAfter: "72h", maxInstances: 5_000 }))).toMatchObject({ expireAfter: "3d" });
  });

  test.each([{ expireAfter: "59m" }, { expireAfter: "73h" }, { maxInstances: 0 }, { maxInstances: 5_001 }])(
    "are no others: %j",
    (limit) => {
      expect(v.safeParse(createRule.input, rule(limit)).success).toBe(false);
    },
  );
});

describe("422", () => {
  test("an organisation that has as many rules as it may gets no more", async () => {
    const fill = "INSERT INTO rule SELECT 'rul_' || value, :org, 1, '{}', 1, 0, 0, 1 FROM json_each(:numbers)";
    const numbers = JSON.stringify(Array.from({ length: MAX_RULES }, (_, n) => n));
    await harness.database.write([{ sql: fill, args: { org: harness.org, numbers } }]);
    await expect(harness.call(createRule, rule())).rejects.toMatchObject({ kind: "limit-reached" });
  });
});
