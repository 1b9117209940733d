import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as v from "valibot";
import type { OrgId, RuleId, SeriesId } from "../../contract/ids.ts";
import {
  CompositeCondition,
  ForecastCondition,
  MissingDataCondition,
  RateOfChangeCondition,
  RuleDefinition,
  ThresholdCondition,
} from "../../contract/rule.ts";
import { hashId } from "../hash-id.ts";
import type { CompositeRule } from "./composite.ts";
import { evaluate, NOTHING_KNOWN } from "./evaluate.ts";
import { subjectInstanceId } from "./keys.ts";
import { simulate, simulateComposite } from "./simulate.ts";
import type { ScoredSeries, SimulatedTime, Simulation } from "./simulate.ts";
import type { SimulatedChild } from "./simulate-timed.ts";
import type { SampledRule } from "./sampled.ts";
import { newInstance, step } from "./step.ts";
import type { Transition } from "./step.ts";
import { heldSeverity } from "./threshold.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const org = hashId<OrgId>("org", ["test"]);
const CONDITIONS = {
  threshold: ThresholdCondition,
  "rate-of-change": RateOfChangeCondition,
  "missing-data": MissingDataCondition,
  forecast: ForecastCondition,
  composite: CompositeCondition,
};
const ruleOf = (kind: keyof typeof CONDITIONS, condition: object, changes: object = {}) => {
  const common = v.parse(RuleDefinition, {
    name: "CPU",
    kind: "missing-data",
    selector: { metricKey: "cpu" },
    condition: {},
    evalDelay: 0,
    ...changes,
  });
  const stored = { id: hashId<RuleId>("rul", [org, kind]), version: 1, createdAt: 0, updatedAt: 0 };
  return { ...common, ...stored, kind, condition: v.parse(CONDITIONS[kind], condition) };
};
const timed = (...args: Parameters<typeof ruleOf>) => ruleOf(...args) as SampledRule;

type Row = readonly [minute: number, value: number];
const seriesOf = (rows: readonly Row[], more: Partial<ScoredSeries> = {}): ScoredSeries => ({
  org,
  id: hashId<SeriesId>("ser", [org]),
  metricKey: "cpu",
  dimensions: {},
  timestamps: Float64Array.from(rows, ([minute]) => minute * MINUTE),
  values: Float64Array.from(rows, ([, value]) => value),
  lo: [],
  hi: [],
  anomalies: [],
  cadence: MINUTE,
  ...more,
});
function finish(parts: Generator<undefined, Simulation>): Simulation {
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value;
  }
}
const run = (rule: SampledRule, series: ScoredSeries, time: SimulatedTime) => finish(simulate(rule, series, time));
/** Firing and resolved, in minutes. */
const short = ({ episodes }: Simulation) =>
  episodes.map(({ episode: { startedAt, resolvedAt, reason } }) => [
    startedAt / MINUTE,
    resolvedAt === null ? null : resolvedAt / MINUTE,
    reason,
  ]);
const climb = (from: number, to: number, slope: number, start = 0): Row[] =>
  Array.from({ length: to - from }, (_, n) => [from + n, start + n * slope]);

describe("episodes", () => {
  test("of a rate of change begin with the climb and end after it", () => {
    const rule = timed("rate-of-change", { operator: "gt", value: 5, unit: "per_minute", window: "5m" });
    const rows = [...climb(0, 20, 0), ...climb(20, 30, 10), ...climb(30, 60, 0, 100)];
    // Of the four steps between the points of a window more than two have to climb, by 10 each.
    expect(short(run(rule, seriesOf(rows), { until: 59 * MINUTE }))).toEqual([[23, 32, "recovered"]]);
  });

  test("of missing data begin once the silence is too long and end with the first point", () => {
    const rows = [...climb(0, 20, 1), ...climb(40, 50, 1)];
    expect(short(run(timed("missing-data", {}), seriesOf(rows), { until: 49 * MINUTE }))).toEqual([[23, 40, "recovered"]]);
  });

  test("of missing data expire a day after they were found", () => {
    const rows = climb(0, 20, 1);
    expect(short(run(timed("missing-data", {}), seriesOf(rows), { until: 3_000 * MINUTE }))).toEqual([[23, 22 + 1_440, "expired"]]);
  });

  test("of a required series need no point, and do not expire", () => {
    const required = seriesOf([], { requiredSince: 10 * MINUTE, cadence: null });
    expect(short(run(timed("missing-data", {}), required, { from: 10 * MINUTE, until: 5_000 * MINUTE }))).toEqual([[14, null, null]]);
  });

  test("of a forecast follow the forecasts that were made", () => {
    const made = (cutoff: number, mean: number) => ({
      id: null,
      cutoff: cutoff * MINUTE,
      timestamps: Array.from({ length: 180 }, (_, n) => (cutoff + n + 1) * MINUTE),
      mean: Array.from({ length: 180 }, () => mean),
      intervals: [{ level: 80, lo: Array.from({ length: 180 }, () => mean - 1), hi: Array.from({ length: 180 }, () => mean + 1) }],
    });
    const rule = timed("forecast", { operator: "gt", value: 90, horizon: "1h" });
    const forecasts = [made(130, 50), made(10, 50), made(40, 100), made(70, 100), made(160, 50)];
    expect(short(run(rule, seriesOf(climb(0, 200, 0), { forecasts }), { until: 199 * MINUTE }))).toEqual([[70, 160, "recovered"]]);
  });

  test("begin where the simulation does, with what is known of before", () => {
    const rule = timed("threshold", { operator: "gt", value: 5 }, { for: "2m" });
    const rows = climb(0, 30, 1);
    expect(short(run(rule, seriesOf(rows), { until: 29 * MINUTE }))).toEqual([[8, null, null]]);
    expect(short(run(rule, seriesOf(rows), { from: 20 * MINUTE, until: 29 * MINUTE }))).toEqual([[22, null, null]]);
    const silent = timed("missing-data", {});
    expect(short(run(silent, seriesOf(climb(0, 10, 1)), { from: 30 * MINUTE, until: 40 * MINUTE }))).toEqual([[30, null, null]]);
  });
});

describe("a composite rule", () => {
  const child = (name: string, rows: readonly Row[], until: number): [RuleId, SimulatedChild] => {
    const { course } = run(timed("threshold", { operator: "gt", value: 5 }), seriesOf(rows), { until: until * MINUTE });
    return [hashId<RuleId>("rul", [name]), { name, enabled: true, courses: [course] }];
  };
  const high = (from: number, to: number): Row[] => climb(0, 60, 0).map(([minute]) => [minute, minute >= from && minute < to ? 10 : 0]);
  test.each([
    ["all", [[20, 30, "recovered"]]],
    ["any", [[10, 40, "recovered"]]],
  ])("of %s follows its rules", (operator, expected) => {
    const children = new Map([child("a", high(10, 30), 59), child("b", high(20, 40), 59)]);
    const rule = ruleOf("composite", { [operator]: [...children.keys()] }) as CompositeRule;
    expect(short(finish(simulateComposite(rule, org, children, { from: 0, until: 59 * MINUTE })))).toEqual(expected);
  });

  test("of not follows it too, and goes on while its rule has no data", () => {
    const rows = [...high(10, 20).slice(0, 30), ...climb(45, 60, 0)];
    const children = new Map([child("a", rows, 59)]);
    const rule = ruleOf("composite", { not: [...children.keys()] }) as CompositeRule;
    expect(short(finish(simulateComposite(rule, org, children, { from: 5 * MINUTE, until: 59 * MINUTE })))).toEqual([
      [5, 10, "recovered"],
      [20, null, null],
    ]);
  });
});

const told = (transitions: readonly Transition[]) =>
  transitions.flatMap((transition) =>
    transition.kind === "episode" && transition.notify !== null ? [[transition.episode.id, transition.notify, transition.at]] : [],
  );

test("a simulation tells what one evaluation after the other would, each over all points", () => {
  const rows = fc
    .array(fc.tuple(fc.constantFrom(1, 1, 1, 2, 5, 9), fc.constantFrom(0, 10, 50)), { minLength: 1, maxLength: 40 })
    .map((steps) => {
      let minute = 0;
      return steps.map(([gap, value]): Row => [(minute += gap), value]);
    });
  const rules = fc.constantFrom(
    timed("rate-of-change", { operator: "gte", value: 5, recover: 2, unit: "per_minute", window: "4m", critical: { value: 20 } }),
    timed(
      "rate-of-change",
      { operator: "lt", value: -5, unit: "per_minute", window: "3m", resetAware: true },
      { for: "2m", noData: "alert" },
    ),
    timed("missing-data", { grace: 2 }, { keepFiringFor: "3m" }),
    timed("threshold", { operator: "gt", value: 20, aggregate: "p90", window: "6m" }, { keepFiringFor: "1m" }),
  );
  fc.assert(
    fc.property(rows, rules, (points, rule) => {
      const series = seriesOf(points);
      const until = points.at(-1)![0] * MINUTE + HOUR;
      let instance = newInstance(subjectInstanceId(org, rule.id, series), rule.severity);
      const transitions: Transition[] = [];
      for (let at = points[0]![0] * MINUTE; at <= until; at += MINUTE) {
        const lastPointAt = series.timestamps.findLast((timestamp) => timestamp <= at) ?? null;
        const known = { ...NOTHING_KNOWN, points: series, cadence: MINUTE, lastPointAt, previous: heldSeverity(instance) };
        const next = step(instance, rule, evaluate(rule, at, known));
        instance = next.instance;
        transitions.push(...next.transitions);
      }
      const simulated = run(rule, series, { until }).episodes.flatMap((one) =>
        one.told.map(({ kind, at, episode }) => [episode.id, kind, at]),
      );
      expect(simulated).toEqual(told(transitions));
    }),
  );
});
