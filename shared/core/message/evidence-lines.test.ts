import { expect, test } from "@jest/globals";
import * as v from "valibot";
import { CompositeCondition, ForecastCondition, MissingDataCondition, RateOfChangeCondition } from "../../contract/rule.ts";
import type { RuleId } from "../../contract/ids.ts";
import { hashId } from "../hash-id.ts";
import { evidenceAnswer } from "../alert/evidence-answer.ts";
import { evaluate, NOTHING_KNOWN } from "../alert/evaluate.ts";
import type { Inputs, TimedCondition } from "../alert/evaluate.ts";
import { endedValueLine, evidenceLines, firingValue, valueLine } from "./evidence-lines.ts";

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
      "first at about 2026-11-20 11:00:00 UTC",
      "forecast for then: 95 to 103 (80 %)",
    ],
  ],
])("the evidence of a condition tells what it saw: %#", (condition, inputs, expected) => {
  const evidence = evidenceOf(condition, inputs);
  expect(evidenceLines(evidence, NOW)).toEqual(expected);
  expect(evidenceLines(evidenceAnswer(evidence), NOW)).toEqual(expected);
});

test("when a forecast reaches its level is said with its range, and no longer once that time has come", () => {
  const breachAt = { median: NOW + 2 * HOUR, lo: NOW + HOUR, hi: NOW + 3 * HOUR };
  const evidence = { kind: "forecast", operator: "gt", threshold: 90, probability: 0.5, breachAt, interval: { level: 80, lo: 80, hi: 95 } };
  expect(evidenceLines(evidence, NOW)).toEqual([
    "50 % likely to be above 90",
    "first at about 2026-11-20 12:00:00 UTC (80 %: 2026-11-20 11:00:00 UTC to 2026-11-20 13:00:00 UTC)",
    "forecast for then: 80 to 95 (80 %)",
  ]);
  expect(evidenceLines(evidence, NOW + 2 * HOUR)).toEqual(["50 % likely to be above 90"]);
});

const children = [{ verdict: "true" }, { verdict: "false" }, { verdict: "true" }];
test.each<[Record<string, unknown>, number, number, string, string]>([
  [{ kind: "threshold", value: 95 }, 97.5, 95, "Value: 97.5", "Value: 97.5, was 95 when it fired"],
  [{ kind: "forecast", probability: 0.999 }, 0.93, 0.999, "Probability: 93 %", "Probability: 93 %, was 99 % when it fired"],
  [{ kind: "missing-data", duration: 12_436 }, 75.2, 12.436, "Silent for: 1 min 15 s", "Silent for: 1 min 15 s, was 12 s when it fired"],
  [{ kind: "composite", children }, 0, 2, "True: 0 of 3 rules", "True: 0 of 3 rules, was 2 of 3 rules when it fired"],
  [{ kind: "rate-of-change", value: 9, unit: "per_hour" }, 4, 9, "Rate: 4 per hour", "Rate: 4 per hour, was 9 per hour when it fired"],
])("a value is said as what it is, with its unit: %j", (evidence, value, fired, line, ended) => {
  expect([valueLine({ value, evidence }), endedValueLine({ value, evidence })]).toEqual([[line], [ended]]);
  expect(firingValue({ evidence })).toBe(fired);
});

test("the evidence of a composite rule names each of its rules with what it was", () => {
  const [a, b] = [hashId<RuleId>("rul", ["a"]), hashId<RuleId>("rul", ["b"])];
  const children = new Map([[a, { id: a, name: "CPU is high", enabled: true, instances: [{ state: "firing", data: "ok" } as const] }]]);
  const condition = v.parse(CompositeCondition, { any: [a, b] });
  expect(evidenceLines(evidenceOf({ kind: "composite", condition }, { children }), NOW)).toEqual([
    `any of: CPU is high: true; ${b}: missing`,
  ]);
});

test.each(["rate-of-change", "missing-data", "forecast", "composite"])(
  "evidence of kind %s that says nothing else is passed over",
  (kind) => {
    expect(evidenceLines({ kind }, NOW)).toEqual([]);
  },
);
