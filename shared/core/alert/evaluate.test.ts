import { expect, test } from "@jest/globals";
import * as v from "valibot";
import {
  CompositeCondition,
  ForecastCondition,
  MissingDataCondition,
  RateOfChangeCondition,
  ThresholdCondition,
} from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import type { RuleId } from "../../contract/ids.ts";
import { evaluate, NOTHING_KNOWN } from "./evaluate.ts";
import type { Inputs, TimedCondition } from "./evaluate.ts";

const points = { timestamps: Float64Array.of(30_000, 60_000), values: Float64Array.of(0, 60) };
const child = hashId<RuleId>("rul", [1]);
const step = { timestamps: [120_000], mean: [100], intervals: [{ level: 80, lo: [99], hi: [101] }] };

test.each<[TimedCondition, Partial<Inputs>, number]>([
  [{ kind: "threshold", condition: v.parse(ThresholdCondition, { operator: "gt", value: 1 }) }, { points }, 60],
  [{ kind: "rate-of-change", condition: v.parse(RateOfChangeCondition, { operator: "gt", value: 1, window: "1m" }) }, { points }, 2],
  [{ kind: "missing-data", condition: v.parse(MissingDataCondition, { grace: 1 }) }, { cadence: 1_000, lastPointAt: 50_000 }, 10],
  [
    { kind: "forecast", condition: v.parse(ForecastCondition, { operator: "gt", value: 50, horizon: "5m", confirm: { need: 1 } }) },
    { forecasts: [{ id: null, cutoff: 0, ...step }] },
    1,
  ],
  [
    { kind: "composite", condition: v.parse(CompositeCondition, { any: [child] }) },
    { children: new Map([[child, { id: child, name: "a", enabled: true, instances: [{ state: "firing", data: "ok" }] }]]) },
    1,
  ],
])("a rule of its kind is evaluated by what that kind looks at: %#", (condition, inputs, value) => {
  const rule = { ...condition, severity: "warning", interval: 60_000 } as const;
  expect(evaluate(rule, 60_000, { ...NOTHING_KNOWN, ...inputs })).toMatchObject({ outcome: "true", value, evidence: { kind: rule.kind } });
  expect(evaluate(rule, 60_000, NOTHING_KNOWN).outcome).not.toBe("true");
});
