import { describe, expect, test } from "@jest/globals";
import * as v from "valibot";
import type { AnomalyId } from "../../contract/ids.ts";
import { AnomalyCondition } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { evaluateAnomalies, matchesAnomaly } from "./anomaly.ts";
import type { AnomalyContext, ScoredAnomaly } from "./anomaly.ts";

const condition = (changes: v.InferInput<typeof AnomalyCondition> = {}) => v.parse(AnomalyCondition, changes);
const anomaly = (timestamp: number, changes: Partial<ScoredAnomaly> = {}): ScoredAnomaly => ({
  id: hashId<AnomalyId>("ano", [timestamp]),
  timestamp,
  value: 150,
  expected: 100,
  lo: 90,
  hi: 110,
  score: 0.9,
  severity: "high",
  direction: "above",
  daysPerFalseAlarm: 126,
  goesOn: false,
  perSecond: false,
  late: false,
  methods: { residual: { score: 0.8, weight: 1 }, flatline: { score: 0.1, weight: 1 } },
  historical: false,
  overBudget: false,
  clearedAt: null,
  ...changes,
});
/** Times are small whole numbers here: a cadence is 10 of them. */
const context = (changes: Partial<AnomalyContext> = {}): AnomalyContext => ({
  now: 1_000,
  lastPointAt: null,
  cadence: 10,
  interval: 60,
  lag: 0,
  severity: "warning",
  lastEvaluatedAt: null,
  ...changes,
});

describe("which anomalies count", () => {
  test.each<[string, v.InferInput<typeof AnomalyCondition>, Partial<ScoredAnomaly>, boolean]>([
    ["medium by default", {}, { severity: "medium" }, true],
    ["and above: critical is above medium", {}, { severity: "critical" }, true],
    ["low is below medium", {}, { severity: "low" }, false],
    ["high where high is asked for", { minSeverity: "high" }, {}, true],
    ["medium is below high", { minSeverity: "high" }, { severity: "medium" }, false],
    ["low where low is asked for", { minSeverity: "low" }, { severity: "low" }, true],
    ["either direction takes one without a direction", {}, { direction: null }, true],
    ["above takes above", { direction: "above" }, {}, true],
    ["above does not take below", { direction: "above" }, { direction: "below" }, false],
    ["a direction does not take one without", { direction: "below" }, { direction: null }, false],
    ["a method that found it", { methods: ["residual"] }, {}, true],
    ["one of several is enough", { methods: ["volatility", "residual"] }, {}, true],
    ["a method that saw little", { methods: ["flatline"] }, {}, false],
    ["a method that is not there", { methods: ["toString"] }, {}, false],
    ["as far off as asked", { minAbsolute: 50 }, {}, true],
    ["not far enough off", { minAbsolute: 50.1 }, {}, false],
    ["below counts by its distance too", { minAbsolute: 50 }, { value: 50, direction: "below" }, true],
    ["as far off as asked, as a share", { minRelative: 0.5 }, {}, true],
    ["not far enough off, as a share", { minRelative: 0.51 }, {}, false],
    ["anything is far from an expected zero", { minRelative: 9 }, { expected: 0 }, true],
    ["but for zero itself", { minRelative: 9 }, { expected: 0, value: 0 }, false],
    ["a share of a negative expectation", { minRelative: 0.5 }, { expected: -100, value: -150 }, true],
    ["both deviations are asked for", { minAbsolute: 10, minRelative: 0.6 }, {}, false],
    ["without an expectation there is no deviation", { minAbsolute: 0 }, { expected: null }, false],
    ["without one it counts where none is asked for", {}, { expected: null }, true],
    ["history never counts", {}, { historical: true, severity: "critical" }, false],
    ["one over the budget never counts", {}, { overBudget: true, severity: "critical" }, false],
  ])("%s", (_name, filters, changes, expected) => {
    expect(matchesAnomaly(condition(filters), anomaly(1, changes))).toBe(expected);
  });
});

describe("the timeline", () => {
  test.each<[string, ScoredAnomaly[], Partial<AnomalyContext>, [number, string][]]>([
    ["nothing found is nothing to evaluate", [], { lastPointAt: 100 }, []],
    ["true at the anomaly, at once", [anomaly(100)], { now: 100, lastPointAt: 100 }, [[100, "true"]]],
    [
      "true at each of a row, false at the first point that is none",
      [anomaly(110, { clearedAt: 120 }), anomaly(100, { clearedAt: 120 })],
      {},
      [
        [100, "true"],
        [110, "true"],
        [120, "false"],
      ],
    ],
    [
      "two rows are two",
      [anomaly(100, { clearedAt: 110 }), anomaly(150, { clearedAt: 160 })],
      {},
      [
        [100, "true"],
        [110, "false"],
        [150, "true"],
        [160, "false"],
      ],
    ],
    [
      "an anomaly at the time of another's end is no end",
      [anomaly(100, { clearedAt: 110 }), anomaly(110, { clearedAt: 120 })],
      {},
      [
        [100, "true"],
        [110, "true"],
        [120, "false"],
      ],
    ],
    [
      "it is over three cadences after the last point",
      [anomaly(100)],
      { lastPointAt: 100, now: 130 },
      [
        [100, "true"],
        [130, "false"],
      ],
    ],
    [
      "but not before its points would be there, where they come late",
      [anomaly(100)],
      { lastPointAt: 100, now: 134, lag: 5 },
      [[100, "true"]],
    ],
    [
      "then it is over when it was",
      [anomaly(100)],
      { lastPointAt: 100, now: 135, lag: 5 },
      [
        [100, "true"],
        [130, "false"],
      ],
    ],
    ["but not before", [anomaly(100)], { lastPointAt: 100, now: 129 }, [[100, "true"]]],
    ["a later point that was no better puts that off", [anomaly(100)], { lastPointAt: 110, now: 139 }, [[100, "true"]]],
    [
      "without a cadence the interval stands in for it",
      [anomaly(100)],
      { lastPointAt: 100, cadence: null },
      [
        [100, "true"],
        [280, "false"],
      ],
    ],
    [
      "what a silence ended stays over when the next point is none",
      [anomaly(100, { clearedAt: 200 })],
      { lastPointAt: 200 },
      [
        [100, "true"],
        [130, "false"],
        [200, "false"],
      ],
    ],
    [
      "and when it is a lesser one",
      [anomaly(100), anomaly(200, { severity: "low" })],
      { lastPointAt: 200 },
      [
        [100, "true"],
        [130, "false"],
      ],
    ],
    [
      "a matching one after a silence begins anew",
      [anomaly(100), anomaly(131)],
      { lastPointAt: 131, now: 131 },
      [
        [100, "true"],
        [130, "false"],
        [131, "true"],
      ],
    ],
    [
      "a point three cadences after the last one is no silence",
      [anomaly(100), anomaly(130)],
      { lastPointAt: 130, now: 130 },
      [
        [100, "true"],
        [130, "true"],
      ],
    ],
    ["what was evaluated is not evaluated again", [anomaly(100, { clearedAt: 120 })], { lastEvaluatedAt: 100 }, [[120, "false"]]],
    ["everything evaluated is nothing", [anomaly(100, { clearedAt: 120 })], { lastEvaluatedAt: 120 }, []],
    [
      "history and what is filtered out leave no trace, nor do their ends",
      [anomaly(100, { historical: true, clearedAt: 110 }), anomaly(200, { severity: "low", clearedAt: 210 })],
      {},
      [],
    ],
    [
      "a lesser anomaly after a matching one neither goes on nor ends it",
      [anomaly(100, { clearedAt: 130 }), anomaly(110, { severity: "low", clearedAt: 130 })],
      {},
      [
        [100, "true"],
        [130, "false"],
      ],
    ],
  ])("%s", (_name, anomalies, changes, expected) => {
    expect(evaluateAnomalies(condition(), anomalies, context(changes)).map(({ at, outcome }) => [at, outcome])).toEqual(expected);
  });

  test("asked as it goes on, it says what it would have said at the end", () => {
    const known = [anomaly(100, { clearedAt: 120 }), anomaly(110, { clearedAt: 120 }), anomaly(200)];
    const asOf = (now: number) =>
      known
        .filter(({ timestamp }) => timestamp <= now)
        .map((one) => ({ ...one, clearedAt: one.clearedAt !== null && one.clearedAt <= now ? one.clearedAt : null }));
    const stepwise: [number, string][] = [];
    let lastEvaluatedAt: number | null = null;
    for (let now = 100; now <= 240; now += 5) {
      const lastPointAt = Math.min(200, now - (now % 10));
      for (const { at, outcome } of evaluateAnomalies(condition(), asOf(now), context({ now, lastPointAt, lastEvaluatedAt }))) {
        stepwise.push([at, outcome]);
        lastEvaluatedAt = at;
      }
    }
    const whole = evaluateAnomalies(condition(), known, context({ now: 240, lastPointAt: 200 }));
    expect(stepwise).toEqual(whole.map(({ at, outcome }) => [at, outcome]));
  });

  test("the alert has the rule's severity, the value, and everything that detection said of it", () => {
    const found = anomaly(100);
    expect(evaluateAnomalies(condition(), [found], context({ now: 100, severity: "critical" }))).toEqual([
      {
        at: 100,
        outcome: "true",
        severity: "critical",
        value: 150,
        evidence: {
          kind: "anomaly",
          anomaly: found.id,
          timestamp: 100,
          value: 150,
          expected: 100,
          lo: 90,
          hi: 110,
          score: 0.9,
          severity: "high",
          direction: "above",
          daysPerFalseAlarm: 126,
          methods: found.methods,
          explanation: expect.stringMatching(
            /^150 is 50 \(50%\) above the expected 100 \(90 to 110\)\. A point like it comes about once in 130 days/,
          ),
        },
      },
    ]);
  });
});
