import type { Detection } from "../../contract/anomaly.ts";
import type { AlertId, OrgId, RuleId } from "../../contract/ids.ts";
import type { ThresholdCondition } from "../../contract/rule.ts";
import type { PointScore } from "../detect/score-point.ts";
import { anomalyId } from "../detect/series-detection.ts";
import { within } from "../series/merge.ts";
import { advanceAnomalies } from "./advance.ts";
import type { AnomalyRule } from "./advance.ts";
import type { Subject } from "./alert-record.ts";
import { evaluateAnomalies, matchesAnomaly } from "./anomaly.ts";
import type { ScoredAnomaly } from "./anomaly.ts";
import type { CompositeRule } from "./composite.ts";
import { FLAPPING_CHANGES } from "./flapping.ts";
import type { KnownForecast } from "./forecast-breach.ts";
import { instanceId, subjectInstanceId } from "./keys.ts";
import { courseOf, runComposite, runTimed } from "./simulate-timed.ts";
import type { Course, Run, SimulatedChild } from "./simulate-timed.ts";
import type { SampledRule } from "./sampled.ts";
import { newInstance } from "./step.ts";
import type { Episode, Evaluation, Instance, Transition } from "./step.ts";
import { thresholdWindow } from "./threshold.ts";
import type { Window } from "./threshold.ts";
import { EVALUATIONS_A_PART } from "./watch.ts";

/**
 * One series, or a group of them, as detection scored it: columns of one length, ascending, of one series no timestamp twice. `index` of an
 * anomaly is its row.
 */
export interface ScoredSeries extends Subject {
  readonly org: OrgId;
  /** Unix ms. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly lo: readonly (number | null)[];
  readonly hi: readonly (number | null)[];
  readonly anomalies: readonly Omit<Detection["anomalies"][number], "context" | "explanation" | "lo" | "hi">[];
  /** The time between points, ms; null where it is not known. */
  readonly cadence: number | null;
  /** Stored forecasts, in any order: of a forecast rule. */
  readonly forecasts?: readonly KnownForecast[];
  /** Since when a missing-data rule requires the series, Unix ms; it does not where this is left out. */
  readonly requiredSince?: number | null;
}

/** The anomalies among the scores of a series, row by row. @param perSecond - The values are rates, as those of a counter. */
export const anomaliesIn = (scores: readonly PointScore[], perSecond: boolean): ScoredSeries["anomalies"] =>
  scores.flatMap(({ anomalous, severity, methods, ...found }, index) => {
    if (!anomalous || severity === null) return [];
    const { timestamp, value, expected, score, direction, daysPerFalseAlarm, goesOn, late, consensus } = found;
    const said = { timestamp, value, expected, score, severity, direction, daysPerFalseAlarm, goesOn, late, consensus };
    return [{ index, ...said, perSecond, methods: { ...methods } }];
  });

/** A rule that a simulation can run over a series: a rule itself will do, unless it is a composite one. */
export type SimulatedRule = AnomalyRule | SampledRule;

/** A message that people would have got about an episode, before messages of one group are told together. */
export interface Told {
  /** `flapping`: that its instance flaps; `closed`: that it is over though its instance fires again, which people do not hear. */
  readonly kind: "firing" | "resolved" | "flapping" | "closed";
  /** When it would have been decided, Unix ms. */
  readonly at: number;
  /** The episode as it was then. */
  readonly episode: Episode;
  /** Of one that flaps: those before it, of whose ends people do not hear any more. */
  readonly before?: readonly AlertId[];
}

export interface SimulatedEpisode {
  /** As the simulation left it. */
  readonly episode: Episode;
  /** The point farthest to where the condition is true; the most anomalous one of an anomaly rule. null where no point was there. */
  readonly peak: { readonly timestamp: number; readonly value: number } | null;
  readonly told: readonly Told[];
}

/** Where a simulation begins and ends, Unix ms. */
export interface SimulatedTime {
  /** Evaluations are made from then on; from the first point on where it is not given. Points before it are known. */
  readonly from?: number;
  /** Where the simulation ends: an evaluation is made once it lies the rule's `evalDelay` in the past. */
  readonly until: number;
}

/** What a simulation found: the episodes, oldest first, of which the last may still be open, and the condition as it went. */
export interface Simulation {
  readonly episodes: readonly SimulatedEpisode[];
  readonly course: Course;
}

/**
 * What a rule would have made of a series, had each point come in at its own time: the same evaluations and the same `step()` as live,
 * without silences or acts of people. The rule's selector is not asked, nor when it was written.
 *
 * @returns The episodes, oldest first; the last may still be open.
 */
export function simulateRule(rule: SimulatedRule, series: ScoredSeries, until: number): readonly SimulatedEpisode[] {
  const parts = simulate(rule, series, { until });
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value.episodes;
  }
}

/** As simulateRule, a part at a time: between two parts whoever asked may leave the process to others. */
export function* simulate(rule: SimulatedRule, series: ScoredSeries, time: SimulatedTime): Generator<undefined, Simulation> {
  const instance = newInstance(subjectInstanceId(series.org, rule.id, series), rule.severity);
  if (rule.kind !== "anomaly") {
    const { forecasts = [], requiredSince = null } = series;
    const known = { ...series, before: null, requiredSince, forecasts: forecasts.toSorted((a, b) => a.cutoff - b.cutoff) };
    const run = yield* runTimed(rule, instance, known, time);
    return { episodes: episodesOf(run, peakFinder(rule, series)), course: run.course };
  }
  const anomalies = scoredAnomalies(series);
  const matching = anomalies.filter((anomaly) => matchesAnomaly(rule.condition, anomaly));
  const run = yield* runAnomalies(rule, instance, { ...series, anomalies }, time);
  const episodes = episodesOf(run, ({ pendingAt, resolvedAt }) =>
    mostAnomalous(matching.filter(({ timestamp }) => timestamp >= pendingAt && timestamp < (resolvedAt ?? Infinity))),
  );
  return { episodes, course: courseOf(run.transitions) };
}

/**
 * What a composite rule would have made of the courses of other rules: it is one instance, evaluated at each multiple of its interval.
 *
 * @param children - By id, with the courses of all their instances; those that are not there are missing.
 */
export function* simulateComposite(
  rule: CompositeRule,
  org: OrgId,
  children: ReadonlyMap<RuleId, SimulatedChild>,
  time: SimulatedTime & { readonly from: number },
): Generator<undefined, Simulation> {
  const run = yield* runComposite(rule, newInstance(instanceId(org, rule.id, {}), rule.severity), children, time);
  return { episodes: episodesOf(run, () => null), course: run.course };
}

interface AnomalousSeries extends Window {
  readonly cadence: number | null;
  /** Ascending. */
  readonly anomalies: readonly ScoredAnomaly[];
}

/**
 * Evaluates as points come in. From each point to right before the next one the same is known, and the evaluations that fall due by then,
 * because the series is silent or the instance's patience ends, are made in their order.
 */
function* runAnomalies(
  rule: AnomalyRule,
  instance: Instance,
  { timestamps, anomalies, cadence }: AnomalousSeries,
  { from = 0, until }: SimulatedTime,
): Generator<undefined, Omit<Run, "course">> {
  const { condition, interval, severity } = rule;
  const transitions: Transition[] = [];
  let after = instance;
  const run = (timeline: readonly Evaluation[], now: number): void => {
    const next = advanceAnomalies(rule, after, timeline, { since: after.lastEvaluatedAt ?? -1, now });
    transitions.push(...next.transitions);
    after = next.after;
  };
  let next = 0;
  let known: ScoredAnomaly[] = [];
  for (const [row, timestamp] of timestamps.entries()) {
    if (row % EVALUATIONS_A_PART === EVALUATIONS_A_PART - 1) yield;
    if (timestamp < from) continue;
    for (; next < anomalies.length && anomalies[next]!.timestamp <= timestamp; next += 1) {
      if (anomalies[next]!.timestamp >= from) known.push(anomalies[next]!);
    }
    if (known.length === 0 && after.flapping === undefined) continue;
    const isOpen = ({ clearedAt }: ScoredAnomaly) => clearedAt === null || clearedAt > timestamp;
    const now = Math.min(until, (timestamps[row + 1] ?? Infinity) - 1);
    const asKnown = known.map((anomaly) => (isOpen(anomaly) ? { ...anomaly, clearedAt: null } : anomaly));
    const context = { now, lastPointAt: timestamp, cadence, interval, lag: 0, severity, lastEvaluatedAt: null };
    const timeline = evaluateAnomalies(condition, asKnown, context);
    const made = after.lastEvaluatedAt ?? -1;
    for (const [n, { at }] of timeline.entries()) {
      if (at <= made) continue;
      run(timeline.slice(0, n), at - 1);
      run(timeline.slice(0, n + 1), at);
    }
    run(timeline, now);
    if (after.state === "inactive") known = known.filter(isOpen);
  }
  return { after, transitions };
}

/** The anomalies of one series as live detection would have stored them; each is cleared by the first point after it that is none. */
function scoredAnomalies({ org, id, timestamps, lo, hi, anomalies }: ScoredSeries): readonly ScoredAnomaly[] {
  const rows = new Set(anomalies.map(({ index }) => index));
  let clearing = timestamps.length;
  const newestFirst = anomalies
    .toSorted((a, b) => b.index - a.index)
    .map(({ index, ...finding }): ScoredAnomaly => {
      // An anomaly right before another one is cleared where that one is.
      if (!rows.has(index + 1)) clearing = index + 1;
      return {
        ...finding,
        id: anomalyId(org, id!, finding.timestamp),
        lo: lo[index] ?? null,
        hi: hi[index] ?? null,
        historical: false,
        overBudget: false,
        clearedAt: timestamps[clearing] ?? null,
      };
    });
  return newestFirst.toReversed();
}

function episodesOf(
  { after, transitions }: Omit<Run, "course">,
  peakOf: (episode: Episode) => SimulatedEpisode["peak"],
): readonly SimulatedEpisode[] {
  const told = new Map<AlertId, Told[]>();
  const last = new Map<AlertId, Episode>();
  for (const transition of transitions) {
    if (transition.kind !== "episode") continue;
    const { episode, notify, at } = transition;
    last.set(episode.id, episode);
    if (notify === null) continue;
    const before = notify === "flapping" ? { before: [...last.keys()].slice(-FLAPPING_CHANGES, -1) } : {};
    const messages = told.get(episode.id);
    if (messages === undefined) told.set(episode.id, [{ kind: notify, at, episode, ...before }]);
    else messages.push({ kind: notify, at, episode, ...before });
  }
  // The open episode has gone on since its last transition.
  if (after.episode !== null) last.set(after.episode.id, after.episode);
  return [...last.values()].map((episode) => ({ episode, peak: peakOf(episode), told: told.get(episode.id) ?? [] }));
}

/** Where the peak of an episode is looked for: only a threshold is a value that points are far from. */
function peakFinder(rule: SampledRule, series: ScoredSeries): (episode: Episode) => SimulatedEpisode["peak"] {
  if (rule.kind !== "threshold") return () => null;
  const window = thresholdWindow(rule.condition, rule.interval, series.cadence);
  return ({ pendingAt, resolvedAt }) => worstPoint(rule.condition, within(series, pendingAt - window + 1, resolvedAt ?? Infinity));
}

function worstPoint(condition: ThresholdCondition, { timestamps, values }: Window): SimulatedEpisode["peak"] {
  const badness = BADNESS[condition.operator];
  let worst: SimulatedEpisode["peak"] = null;
  for (const [row, value] of values.entries()) {
    if (worst === null || badness(value, condition.value) > badness(worst.value, condition.value))
      worst = { timestamp: timestamps[row]!, value };
  }
  return worst;
}

/** How far a value is to where the condition is true. */
const BADNESS: Readonly<Record<ThresholdCondition["operator"], (value: number, threshold: number) => number>> = {
  gt: (value) => value,
  gte: (value) => value,
  lt: (value) => -value,
  lte: (value) => -value,
  eq: (value, threshold) => -Math.abs(value - threshold),
  neq: (value, threshold) => Math.abs(value - threshold),
};

function mostAnomalous(anomalies: readonly ScoredAnomaly[]): SimulatedEpisode["peak"] {
  const deviation = ({ value, expected }: ScoredAnomaly) => Math.abs(value - (expected ?? value));
  const [first] = anomalies.toSorted((a, b) => b.score - a.score || deviation(b) - deviation(a));
  return first === undefined ? null : { timestamp: first.timestamp, value: first.value };
}
