import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { RuleId } from "../../contract/ids.ts";
import { ForecastCondition, MissingDataCondition, RateOfChangeCondition, RuleDefinition, ThresholdCondition } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import type { SampledRule } from "./sampled.ts";
import { chooseSetting, withSetting } from "./sweep.ts";
import type { SweptSetting } from "./sweep.ts";

const common = v.parse(RuleDefinition, { name: "a", kind: "missing-data", selector: { metricKey: "cpu" }, condition: {} });
const stored = { ...common, id: hashId<RuleId>("rul", [1]), version: 1, createdAt: 0, updatedAt: 0 } as SampledRule;

test.each<[SampledRule, object]>([
  [
    { ...stored, kind: "threshold", condition: v.parse(ThresholdCondition, { operator: "gt", value: 90, recover: 80 }) },
    { value: 50, recover: 40 },
  ],
  [
    {
      ...stored,
      kind: "rate-of-change",
      condition: v.parse(RateOfChangeCondition, { operator: "lt", value: 1, recover: 3, window: "5m" }),
    },
    { value: 50, recover: 52 },
  ],
  [{ ...stored, kind: "forecast", condition: v.parse(ForecastCondition, { operator: "gt", value: 1, horizon: "1h" }) }, { value: 50 }],
  [{ ...stored, kind: "missing-data", condition: v.parse(MissingDataCondition, {}) }, { grace: 50 }],
])("another setting moves the value, with its recovery value, and the patience: %#", (rule, condition) => {
  expect(withSetting(rule, 50, 120_000)).toEqual({ ...rule, for: 120_000, condition: { ...rule.condition, ...condition } });
});

describe("the setting for at most five pages a week", () => {
  const setting = (value: number, patience: number, pagesPerWeek: number, recall: number | null = null): SweptSetting => ({
    value,
    for: patience,
    pagesPerWeek,
    recall,
  });
  test.each<[string, readonly SweptSetting[], [number, number] | null]>([
    ["is none where all tell more", [setting(80, 0, 9), setting(90, 0, 6)], null],
    ["tells as much as it may", [setting(80, 0, 9), setting(85, 0, 5), setting(90, 0, 2)], [85, 0]],
    ["fires the earlier of two that tell as much", [setting(80, 10, 4), setting(90, 5, 4)], [90, 5]],
    ["finds the most incidents, though it tells less", [setting(80, 0, 5, 0.5), setting(90, 0, 2, 0.75), setting(70, 0, 9, 1)], [90, 0]],
  ])("%s", (_, settings, expected) => {
    const chosen = chooseSetting(settings, 5);
    expect(chosen === null ? null : [chosen.value, chosen.for]).toEqual(expected);
  });
});
