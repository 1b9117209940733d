import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import type { InstanceId } from "../../contract/ids.ts";
import { ThresholdCondition } from "../../contract/rule.ts";
import type { Severity } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { newInstance, step } from "./step.ts";
import type { Evaluation } from "./step.ts";
import { evaluateThreshold, heldSeverity, thresholdWindow } from "./threshold.ts";
import type { ThresholdContext } from "./threshold.ts";

const MINUTE = 60_000;
const condition = (changes: Partial<v.InferInput<typeof ThresholdCondition>> = {}) =>
  v.parse(ThresholdCondition, { operator: "gt", value: 90, ...changes });
const context = (changes: Partial<ThresholdContext> = {}): ThresholdContext => ({
  at: 10 * MINUTE,
  severity: "warning",
  previous: null,
  interval: MINUTE,
  cadence: null,
  lastPointAt: null,
  ...changes,
});
/** Points by minute. */
const points = (rows: readonly (readonly [number, number])[]) => ({
  timestamps: Float64Array.from(rows, ([minute]) => minute * MINUTE),
  values: Float64Array.from(rows, ([, value]) => value),
});
const at10 = (value: number) => points([[10, value]]);

describe("comparing", () => {
  test.each<[ThresholdCondition["operator"], boolean, boolean, boolean]>([
    ["gt", false, false, true],
    ["gte", false, true, true],
    ["lt", true, false, false],
    ["lte", true, true, false],
    ["eq", false, true, false],
    ["neq", true, false, true],
  ])("%s below, at and above the threshold", (operator, ...expected) => {
    const outcomes = [89, 90, 91].map((value) => evaluateThreshold(condition({ operator }), at10(value), context()).outcome === "true");
    expect(outcomes).toEqual(expected);
  });

  test("a value that is not finite is never true, held or not, and never leaves as a value", () => {
    for (const operator of ["gt", "gte", "lt", "lte", "eq", "neq"] as const) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const recover = { gt: { recover: 0 }, gte: { recover: 0 }, lt: { recover: 100 }, lte: { recover: 100 }, eq: {}, neq: {} }[operator];
        const rule = condition({ operator, ...recover });
        expect(evaluateThreshold(rule, at10(value), context({ previous: "critical" }))).toEqual({
          at: 10 * MINUTE,
          outcome: "false",
          value: null,
        });
      }
    }
    const overflow = points([
      [9.5, Number.MAX_VALUE],
      [10, Number.MAX_VALUE],
    ]);
    expect(evaluateThreshold(condition({ aggregate: "sum" }), overflow, context()).outcome).toBe("false");
  });

  test("the alert says what was compared with what", () => {
    const rule = condition({ aggregate: "avg", window: "5m", recover: 80 });
    expect(
      evaluateThreshold(
        rule,
        points([
          [5, 1_000],
          [6, 92],
          [10, 94],
        ]),
        context(),
      ),
    ).toEqual({
      at: 10 * MINUTE,
      outcome: "true",
      severity: "warning",
      value: 93,
      evidence: {
        kind: "threshold",
        aggregate: "avg",
        window: 5 * MINUTE,
        operator: "gt",
        threshold: 90,
        recover: 80,
        value: 93,
        points: 2,
        lastPointAt: 10 * MINUTE,
      },
    });
  });
});

describe("the window", () => {
  test.each([
    ["its own, whatever the cadence", condition({ window: "3m" }), 10 * MINUTE, 3 * MINUTE],
    ["one interval until a cadence is learned", condition(), null, MINUTE],
    ["one and a half cadences when that is longer", condition(), 5 * MINUTE, 7.5 * MINUTE],
    ["one interval when that is longer", condition(), 10_000, MINUTE],
  ])("is %s", (_name, rule, cadence, expected) => {
    expect(thresholdWindow(rule, MINUTE, cadence)).toBe(expected);
  });

  test("takes in its end and leaves out its start and everything later", () => {
    const rule = condition({ aggregate: "count", operator: "gte", value: 0, window: "5m" });
    const series = points([
      [4, 1],
      [5, 1],
      [5.001, 1],
      [9, 1],
      [10, 1],
      [10.001, 1],
      [11, 1],
    ]);
    expect(evaluateThreshold(rule, series, context()).value).toBe(3);
  });

  test("it decides alike whether the columns are cut to it or reach further", () => {
    const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 80, max: 100 })), {
      selector: ([minute]) => minute,
    });
    fc.assert(
      fc.property(rows, fc.constantFrom("last" as const, "avg" as const, "p95" as const), (unordered, aggregate) => {
        const all = unordered.toSorted(([a], [b]) => a - b);
        const rule = condition({ aggregate, window: "4m" });
        const cut = points(all.filter(([minute]) => minute > 6 && minute <= 10));
        const lastPointAt = (all.findLast(([minute]) => minute <= 10)?.[0] ?? NaN) * MINUTE;
        const known = context({ cadence: 6 * MINUTE, lastPointAt: Number.isNaN(lastPointAt) ? null : lastPointAt });
        expect(evaluateThreshold(rule, cut, known)).toEqual(evaluateThreshold(rule, points(all), context({ cadence: 6 * MINUTE })));
      }),
    );
  });
});

describe("hysteresis", () => {
  test.each<[string, ThresholdCondition, Severity | null, number, Severity | null]>([
    ["gt does not begin between recovery and threshold", condition({ recover: 80 }), null, 85, null],
    ["gt goes on there", condition({ recover: 80 }), "warning", 85, "warning"],
    ["gt ends at the recovery value", condition({ recover: 80 }), "warning", 80, null],
    ["gte ends at it too", condition({ operator: "gte", recover: 80 }), "warning", 80, null],
    ["lt goes on below the recovery value", condition({ operator: "lt", value: 10, recover: 20 }), "warning", 15, "warning"],
    ["lt ends at it", condition({ operator: "lt", value: 10, recover: 20 }), "warning", 20, null],
    ["lte ends at it too", condition({ operator: "lte", value: 10, recover: 20 }), "warning", 20, null],
    ["without a recovery value the threshold ends it", condition(), "warning", 90, null],
  ])("%s", (_name, rule, previous, value, expected) => {
    const evaluation = evaluateThreshold(rule, at10(value), context({ previous }));
    expect(evaluation.outcome === "true" ? evaluation.severity : null).toBe(expected);
  });
});

describe("warning and critical in one rule", () => {
  const rule = condition({ recover: 80, critical: { value: 98, recover: 95 } });
  test.each<[Severity | null, number, Severity | null, number | null]>([
    [null, 90, null, null],
    [null, 97, "warning", 90],
    [null, 99, "critical", 98],
    ["warning", 97, "warning", 90],
    ["warning", 99, "critical", 98],
    ["critical", 96, "critical", 98],
    ["critical", 95, "warning", 90],
    ["critical", 85, "warning", 90],
    ["critical", 80, null, null],
  ])("from %s, %d makes it %s", (previous, value, severity, threshold) => {
    const evaluation = evaluateThreshold(rule, at10(value), context({ previous }));
    expect([evaluation.severity ?? null, evaluation.evidence?.["threshold"] ?? null]).toEqual([severity, threshold]);
  });
});

describe("an empty window", () => {
  const silent = points([[0, 50]]);
  test.each<[string, Partial<ThresholdContext>, string | undefined, Evaluation["outcome"]]>([
    ["was missed where one point an interval is due", {}, undefined, "missed"],
    ["was missed in a window shorter than the interval too", {}, "10s", "missed"],
    ["was missed where the window is as long as the cadence", { cadence: 3 * MINUTE }, "3m", "missed"],
    ["was missed where the next point was due in it", { cadence: 5 * MINUTE }, "1m", "missed"],
    ["was missed where the very first point after was due in it", { cadence: 9.5 * MINUTE }, "1m", "missed"],
    ["had none due between two points", { cadence: 4 * MINUTE }, "1m", "not_due"],
    ["had none due where one was due at the start that it leaves out", { cadence: 9 * MINUTE }, "1m", "not_due"],
    ["had none due before the next point", { cadence: 11 * MINUTE }, "1m", "not_due"],
  ])("%s", (_name, changes, window, expected) => {
    const rule = condition(window === undefined ? {} : { window });
    expect(evaluateThreshold(rule, silent, context(changes))).toEqual({ at: 10 * MINUTE, outcome: expected });
    const nothing = points([]);
    expect(evaluateThreshold(rule, nothing, context({ ...changes, lastPointAt: 0 }))).toEqual({ at: 10 * MINUTE, outcome: expected });
  });

  test("a late point in it is data again", () => {
    expect(
      evaluateThreshold(
        condition({ window: "1m" }),
        points([
          [0, 50],
          [9.5, 50],
        ]),
        context({ cadence: 5 * MINUTE }),
      ).outcome,
    ).toBe("false");
  });
});

function play(rule: ThresholdCondition, values: readonly (number | null)[], keepFiringFor = 0) {
  let instance = newInstance(hashId<InstanceId>("ins", [1]), "warning");
  return values.map((value, minute) => {
    const at = minute * MINUTE;
    const seen = points(value === null ? [] : [[minute, value]]);
    const evaluation = evaluateThreshold(rule, seen, context({ at, previous: heldSeverity(instance) }));
    ({ instance } = step(instance, { for: 0, keepFiringFor, noData: "keep_last", severity: "warning", interval: 60_000 }, evaluation));
    return instance.episode === null ? instance.state : `${instance.state} ${instance.episode.severity}`;
  });
}

describe("together with the state machine", () => {
  test("an alert goes on above its recovery value and does not begin there", () => {
    expect(play(condition({ recover: 80 }), [85, 91, 85, 81, 80, 85, 91])).toEqual([
      "inactive",
      "firing warning",
      "firing warning",
      "firing warning",
      "inactive",
      "inactive",
      "firing warning",
    ]);
  });

  test("hysteresis is over once it recovers: between the two values it then stays false", () => {
    expect(play(condition({ recover: 80 }), [91, 79, 85, 85], 2 * MINUTE)).toEqual([
      "firing warning",
      "recovering warning",
      "recovering warning",
      "inactive",
    ]);
  });

  test("what fires because data are absent has no severity for a recovery value to hold", () => {
    const instance = step(
      newInstance(hashId<InstanceId>("ins", [1]), "warning"),
      { for: 0, keepFiringFor: 0, noData: "alert", severity: "warning", interval: 60_000 },
      { at: 0, outcome: "no_data" },
    ).instance;
    expect([instance.state, heldSeverity(instance)]).toEqual(["firing", null]);
  });
});
