import type { SelectingRule, Severity } from "../../shared/contract/rule.ts";
import { groupSeries } from "../../shared/core/alert/series-groups.ts";
import { anomaliesIn, simulateRule } from "../../shared/core/alert/simulate.ts";
import type { ScoredSeries, SimulatedRule } from "../../shared/core/alert/simulate.ts";
import { createDetector } from "../../shared/core/detect/detector.ts";
import { scoreRows } from "../../shared/core/detect/on-demand.ts";
import { compileMatchers } from "../../shared/core/series/matchers.ts";
import { canonicalDimensions, seriesId } from "../../shared/core/series/series-id.ts";
import type { AlertTest, RuleTestFile } from "./contract.ts";
import { expandValues, parseSeriesName } from "./notation.ts";
import { TEST_ORG } from "./read.ts";

type Labels = Readonly<Record<string, string>>;

/** An alert that fires at the time of a test. */
export interface FiringAlert {
  /** Of the rule and the series. */
  readonly labels: Labels;
  /** Of the alert; null of one that is only expected. */
  readonly severity: Severity | null;
  readonly annotations: Labels;
}

/** One expectation that was looked at. */
export interface TestResult {
  /** Of the group of tests: its name, or its place from 1. */
  readonly test: string;
  readonly alertname: string;
  readonly evalTime: number;
  /** Expected, and none fires. */
  readonly missing: readonly FiringAlert[];
  /** Fires, and was not expected. */
  readonly unexpected: readonly FiringAlert[];
  readonly expected: number;
  readonly firing: number;
}

/**
 * Runs each expectation of a file: its series from time 0 on, one value an interval, through the same evaluations and the same `step()` as live.
 * @throws Error for a series or a rule that a test names and that cannot be.
 */
export function runRuleTests({ tests, evaluation_interval }: RuleTestFile, rules: readonly SelectingRule[]): readonly TestResult[] {
  return tests.flatMap(({ name, interval = evaluation_interval, input_series, alert_rule_test }, n) => {
    const test = name ?? `test ${n + 1}`;
    const series = input_series.map((input) => seriesOf(input, interval));
    return alert_rule_test.map((expectation): TestResult => {
      const rule = rules.find((one) => one.name === expectation.alertname);
      if (rule === undefined) throw new Error(`${test}: there is no rule named ${JSON.stringify(expectation.alertname)}`);
      return compare(test, expectation, firingAt(rule, series, expectation.eval_time));
    });
  });
}

function seriesOf(
  { series: text, values: written }: RuleTestFile["tests"][number]["input_series"][number],
  interval: number,
): ScoredSeries {
  const { metricKey, dimensions } = parseSeriesName(text);
  const points = expandValues(written).flatMap((value, n) => (value === null ? [] : [[n * interval, value] as const]));
  return {
    org: TEST_ORG,
    id: idOf(metricKey, dimensions),
    metricKey,
    dimensions,
    timestamps: Float64Array.from(points, ([timestamp]) => timestamp),
    values: Float64Array.from(points, ([, value]) => value),
    lo: [],
    hi: [],
    anomalies: [],
    cadence: interval,
  };
}

const idOf = (metricKey: string, dimensions: Labels) => seriesId(TEST_ORG, metricKey, canonicalDimensions(dimensions));

/** The alerts of a rule that fire at a time: after the last evaluation by then. */
function firingAt(rule: SimulatedRule, series: readonly ScoredSeries[], time: number): readonly FiringAlert[] {
  if (rule.kind === "forecast") throw new Error(`${JSON.stringify(rule.name)} is of kind forecast: a test has no forecasts`);
  const { metricKey, matchers } = rule.selector;
  const matches = compileMatchers(matchers);
  if (!matches.ok) throw new Error(matches.error.message);
  const picked = series.filter((one) => one.metricKey === metricKey && matches.value(one.dimensions));
  return groupSeries(rule, [...picked, ...requiredBeside(rule, picked)]).flatMap((one) => {
    const known = rule.kind === "anomaly" ? scored(one) : one;
    return simulateRule(rule, known, time)
      .filter(({ episode }) => episode.resolvedAt === null)
      .map(({ episode }) => ({
        labels: { ...one.dimensions, ...rule.labels },
        severity: episode.severity,
        annotations: rule.annotations,
      }));
  });
}

/** The series that a missing-data rule requires: those that never had a point, too. */
function requiredBeside(rule: SimulatedRule, picked: readonly ScoredSeries[]): readonly ScoredSeries[] {
  if (rule.kind !== "missing-data") return [];
  const { metricKey } = rule.selector;
  return (rule.condition.requireSeries ?? [])
    .map(({ dimensions }) => ({ ...seriesOf({ series: metricKey, values: "" }, 0), dimensions, id: idOf(metricKey, dimensions) }))
    .filter(({ id }) => !picked.some((one) => one.id === id))
    .map((one) => ({ ...one, cadence: null, requiredSince: 0 }));
}

/** A series as live detection would have scored it with its default settings. */
function scored(series: ScoredSeries): ScoredSeries {
  const options = { sensitivity: 0.5, band: true };
  const scores = scoreRows(createDetector(), series, options);
  return {
    ...series,
    lo: scores.map(({ lo }) => lo),
    hi: scores.map(({ hi }) => hi),
    anomalies: anomaliesIn(scores, false),
  };
}

function compare(test: string, { alertname, eval_time: evalTime, exp_alerts }: AlertTest, firing: readonly FiringAlert[]): TestResult {
  const left = [...firing];
  const missing: FiringAlert[] = [];
  for (const { exp_labels: labels = {}, exp_annotations: annotations } of exp_alerts ?? []) {
    const place = left.findIndex((alert) => agrees(alert, labels, annotations));
    if (place < 0) missing.push({ labels, severity: null, annotations: annotations ?? {} });
    else left.splice(place, 1);
  }
  return { test, alertname, evalTime, missing, unexpected: left, expected: exp_alerts?.length ?? 0, firing: firing.length };
}

/** Labels are all to be named; the alert's own severity may be, as if it were one. Annotations are compared where some are named. */
function agrees({ labels, severity, annotations }: FiringAlert, expected: Labels, notes: Labels | undefined): boolean {
  const isLabelled = isSame(labels, expected) || (severity !== null && isSame({ severity, ...labels }, expected));
  return isLabelled && (notes === undefined || isSame(annotations, notes));
}

const isSame = (a: Labels, b: Labels): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);
