import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { CompositeCondition, ForecastCondition, MissingDataCondition, RateOfChangeCondition } from "../../contract/rule.ts";
import type { RuleId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { evidenceAnswer } from "../alert/evidence-answer.ts";
import { evaluate, NOTHING_KNOWN } from "../alert/evaluate.ts";
import type { Inputs, TimedCondition } from "../alert/evaluate.ts";
import { evidenceLines } from "./evidence-lines.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 10);
const evidenceOf = (condition: TimedCondition, inputs: Partial<Inputs>) =>
  evaluate({ ...condition, severity: "warning", interval: 60_000 }, NOW, { ...NOTHING_KNOWN, ...inputs }).evidence!;
const column = (value: number) => [value, value];
const forecast = {
  id: null,
  cutoff: NOW - HOUR,
  timestamps: [NOW + HOUR, NOW + 2 * HOUR],
  mean: column(99),
  intervals: [{ level: 80, lo: column(95), hi: column(103) }],
};

test.each<[TimedCondition, Partial<Inputs>, readonly string[]]>([
  [
    {
      kind: "rate-of-change",
      condition: v.parse(RateOfChangeCondition, { operator: "gt", value: 5, unit: "per_minute", recover: 2, window: "10m" }),
    },
    { points: { timestamps: Float64Array.of(NOW - 120_000, NOW), values: Float64Array.of(0, 25) } },
    ["change over 10m: 12.5 per minute (alerts above 5, recovers at 2)"],
  ],
  [
    {
      kind: "rate-of-change",
      condition: v.parse(RateOfChangeCondition, { operator: "gt", value: 5, direction: "decrease", window: "10m" }),
    },
    { points: { timestamps: Float64Array.of(NOW - 2_000, NOW), values: Float64Array.of(25, 0) } },
    ["change over 10m: -12.5 per second (alerts above 5 as a decrease)"],
  ],
  [
    { kind: "missing-data", condition: v.parse(MissingDataCondition, {}) },
    { cadence: 60_000, lastPointAt: NOW - 15 * 60_000 },
    ["No data for 15 min: the last point came at 2026-11-20 09:45:00 UTC; a point is expected every 1 min, and 3 times that is waited for"],
  ],
  [
    { kind: "missing-data", condition: v.parse(MissingDataCondition, { expectedInterval: "1m" }) },
    { requiredSince: NOW - HOUR },
    ["No data for 1 h: no point ever came; a point is expected every 1 min, and 3 times that is waited for"],
  ],
  [
    { kind: "forecast", condition: v.parse(ForecastCondition, { operator: "gte", value: 90, horizon: "4h", confirm: { need: 1 } }) },
    { forecasts: [forecast] },
    [
      "99 % likely to be at or above 90, by 1 of the last 1 forecasts",
      "first at about 2026-11-20 11:00:00 UTC (80 %: 2026-11-20 11:00:00 UTC to 2026-11-20 11:00:00 UTC)",
      "forecast for then: 95 to 103 (80 %)",
    ],
  ],
])("the evidence of a condition tells what it saw: %#", (condition, inputs, expected) => {
  const evidence = evidenceOf(condition, inputs);
  expect(evidenceLines(evidence)).toEqual(expected);
  expect(evidenceLines(evidenceAnswer(evidence))).toEqual(expected);
});

test("the evidence of a composite rule names each of its rules with what it was", () => {
  const [a, b] = [hashId<RuleId>("rul", ["a"]), hashId<RuleId>("rul", ["b"])];
  const children = new Map([[a, { id: a, name: "CPU is high", enabled: true, instances: [{ state: "firing", data: "ok" } as const] }]]);
  const condition = v.parse(CompositeCondition, { any: [a, b] });
  expect(evidenceLines(evidenceOf({ kind: "composite", condition }, { children }))).toEqual([`any of: CPU is high: true; ${b}: missing`]);
});

test.each(["rate-of-change", "missing-data", "forecast", "composite"])(
  "evidence of kind %s that says nothing else is passed over",
  (kind) => {
    expect(evidenceLines({ kind })).toEqual([]);
  },
);
