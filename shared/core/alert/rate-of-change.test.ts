import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import type { InstanceId } from "../../contract/ids.ts";
import { RateOfChangeCondition } from "../../contract/rule.ts";
import type { RateDirection, RateUnit, Severity } from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import { evaluateRateOfChange } from "./rate-of-change.ts";
import type { RateContext } from "./rate-of-change.ts";
import { newInstance, step } from "./step.ts";
import { heldSeverity } from "./threshold.ts";

const MINUTE = 60_000;
const condition = (changes: Partial<v.InferInput<typeof RateOfChangeCondition>> = {}) =>
  v.parse(RateOfChangeCondition, { operator: "gt", value: 10, unit: "per_minute", window: "5m", ...changes });
const context = (changes: Partial<RateContext> = {}): RateContext => ({
  at: 10 * MINUTE,
  severity: "warning",
  previous: null,
  cadence: MINUTE,
  lastPointAt: null,
  ...changes,
});
type Row = readonly [minute: number, value: number];
/** Points by minute. */
const points = (rows: readonly Row[]) => ({
  timestamps: Float64Array.from(rows, ([minute]) => minute * MINUTE),
  values: Float64Array.from(rows, ([, value]) => value),
});
const rate = (rows: readonly Row[], changes = {}) => evaluateRateOfChange(condition(changes), points(rows), context()).value;

describe("the rate", () => {
  test.each<[string, readonly Row[], object, number]>([
    [
      "is last less first by the time between them",
      [
        [6, 100],
        [8, 500],
        [10, 160],
      ],
      {},
      15,
    ],
    [
      "is that of the points, not of the window: the spacing may be what it is",
      [
        [5.5, 0],
        [5.6, 7],
        [9.5, 40],
      ],
      {},
      10,
    ],
    [
      "is a second's where nothing else is said",
      [
        [9, 0],
        [10, 120],
      ],
      { unit: undefined },
      2,
    ],
    [
      "leaves out the window's start and what comes later",
      [
        [5, -1_000],
        [6, 0],
        [10, 4],
        [11, 1_000],
      ],
      {},
      1,
    ],
    [
      "falls with the values",
      [
        [6, 40],
        [10, 0],
      ],
      {},
      -10,
    ],
    [
      "of a counter goes on over its restarts",
      [
        [6, 90],
        [7, 100],
        [8, 5],
        [9, 15],
        [10, 3],
      ],
      { resetAware: true },
      (10 + 5 + 10 + 3) / 4,
    ],
  ])("%s", (_, rows, changes, expected) => {
    expect(rate(rows, changes)).toBeCloseTo(expected, 12);
  });

  test("of any points it moves with their scale, and not with an offset of values or time", () => {
    const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 6, max: 10 }), fc.integer({ min: -1_000, max: 1_000 })), {
      selector: ([minute]) => minute,
      minLength: 2,
    });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -50, max: 50 }), (unordered, scale, offset) => {
        const sorted = unordered.toSorted(([a], [b]) => a - b);
        const moved = sorted.map(([minute, value]): Row => [minute, value * scale + offset]);
        expect(rate(moved)).toBeCloseTo(rate(sorted)! * scale, 9);
      }),
    );
  });

  test("a value that is not finite is never true", () => {
    const rows: Row[] = [
      [9, 0],
      [10, Infinity],
    ];
    expect(evaluateRateOfChange(condition(), points(rows), context())).toEqual({ at: 10 * MINUTE, outcome: "false", value: null });
  });

  test("the alert says the rate and the two points it lies between", () => {
    const rows: Row[] = [
      [7, 10],
      [10, 70],
    ];
    expect(evaluateRateOfChange(condition({ recover: 5 }), points(rows), context())).toEqual({
      at: 10 * MINUTE,
      outcome: "true",
      severity: "warning",
      value: 20,
      evidence: {
        kind: "rate-of-change",
        operator: "gt",
        threshold: 10,
        recover: 5,
        value: 20,
        unit: "per_minute",
        direction: "increase",
        window: 5 * MINUTE,
        points: 2,
        first: { timestamp: 7 * MINUTE, value: 10 },
        last: { timestamp: 10 * MINUTE, value: 70 },
        resets: 0,
      },
    });
  });
});

/** Two points a minute apart. */
const minuteOf = (change: number) => ({ timestamps: Float64Array.of(9 * MINUTE, 10 * MINUTE), values: Float64Array.of(0, change) });

describe("the direction", () => {
  const outcome = (slope: number, changes: object, previous: RateContext["previous"] = null) =>
    evaluateRateOfChange(condition(changes), minuteOf(slope), context({ previous }));

  test.each<[RateDirection | undefined, number, "true" | "false"]>([
    [undefined, 11, "true"],
    [undefined, -11, "false"],
    ["increase", 11, "true"],
    ["decrease", 11, "false"],
    ["decrease", -11, "true"],
    ["either", 11, "true"],
    ["either", -11, "true"],
    ["either", -9, "false"],
  ])("of %s takes a rate of %d as %s, and the alert carries the rate as it is", (direction, slope, expected) => {
    const evaluation = outcome(slope, { direction });
    expect(evaluation).toMatchObject({ outcome: expected, value: slope });
    if (expected === "true") expect(evaluation.evidence).toMatchObject({ value: slope, direction: direction ?? "increase" });
  });

  test("is that of the recovery and the critical value too", () => {
    const decrease = { direction: "decrease", recover: 5, critical: { value: 20, recover: 15 } };
    expect(outcome(-6, decrease, "warning").outcome).toBe("true");
    expect(outcome(-5, decrease, "warning").outcome).toBe("false");
    expect(outcome(6, decrease, "warning").outcome).toBe("false");
    expect(outcome(-21, decrease)).toMatchObject({ severity: "critical", value: -21 });
    expect(outcome(-16, decrease, "critical")).toMatchObject({ severity: "critical" });
    expect(outcome(-14, decrease, "critical")).toMatchObject({ severity: "warning" });
  });
});

describe("the unit", () => {
  test.each<[RateUnit, number]>([
    ["per_second", 0.5],
    ["per_minute", 30],
    ["per_hour", 1_800],
    ["per_day", 43_200],
  ])("%s says the same slope as %d", (unit, expected) => {
    expect(evaluateRateOfChange(condition({ unit }), minuteOf(30), context()).value).toBeCloseTo(expected, 9);
  });
});

describe("fewer than two points", () => {
  test.each<[string, readonly Row[], Partial<RateContext>, "missed" | "not_due"]>([
    ["one where two were due is missed", [[10, 1]], {}, "missed"],
    ["none where some were due is missed", [], {}, "missed"],
    ["one is missed while no cadence is learned", [[10, 1]], { cadence: null }, "missed"],
    ["one is all that is due where the window is shorter than two cadences", [[10, 1]], { cadence: 3 * MINUTE }, "not_due"],
    ["none is due between two points far apart", [], { cadence: 60 * MINUTE, lastPointAt: 0 }, "not_due"],
    ["none is missed once the next one was due", [], { at: 62 * MINUTE, cadence: 60 * MINUTE, lastPointAt: 0 }, "missed"],
  ])("%s", (_, rows, changes, outcome) => {
    const known = context(changes);
    expect(evaluateRateOfChange(condition(), points(rows), known)).toEqual({ at: known.at, outcome });
  });
});

describe("together with the state machine", () => {
  /** Values a minute, each rate that of the last two of them. */
  const play = (rule: RateOfChangeCondition, values: readonly number[]): string[] => {
    let instance = newInstance(hashId<InstanceId>("ins", [1]), "warning");
    const rows = values.map((value, minute): Row => [minute, value]);
    return values.map((_, minute) => {
      const known = context({ at: minute * MINUTE, previous: heldSeverity(instance) });
      const seen = evaluateRateOfChange(rule, points(rows), known);
      ({ instance } = step(instance, { for: 0, keepFiringFor: 0, noData: "keep_last", severity: "warning", interval: 60_000 }, seen));
      return instance.episode === null ? instance.state : `${instance.state} ${instance.episode.severity}`;
    });
  };

  test("a rate goes on above its recovery value and does not begin there", () => {
    // Rates of 7, 12, 7, 4, 7.
    expect(play(condition({ window: "2m", recover: 5 }), [0, 7, 19, 26, 30, 37])).toEqual([
      "inactive",
      "inactive",
      "firing warning",
      "firing warning",
      "inactive",
      "inactive",
    ]);
  });

  test("the severity is raised and lowered as the rate goes, each level with its own recovery value", () => {
    const levels = condition({ window: "2m", critical: { value: 100, recover: 50 } });
    const severities: [number, Severity | null][] = [
      [20, "warning"],
      [120, "critical"],
      [60, "critical"],
      [40, "warning"],
      [5, null],
    ];
    let sum = 0;
    const values = [0, ...severities.map(([step_]) => (sum += step_))];
    expect(play(levels, values).slice(1)).toEqual(
      severities.map(([, severity]) => (severity === null ? "inactive" : `firing ${severity}`)),
    );
  });
});
