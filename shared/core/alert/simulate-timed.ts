import type { ConditionState } from "../../contract/alert.ts";
import type { RuleId } from "../../contract/ids.ts";
import type { Rule } from "../../contract/rule.ts";
import type { Selector } from "../../contract/series.ts";
import { slidingAggregate } from "../series/sliding-aggregate.ts";
import type { Child } from "./composite.ts";
import { evaluate, NOTHING_KNOWN } from "./evaluate.ts";
import type { TimedCondition } from "./evaluate.ts";
import { expiresAfter } from "./expiry.ts";
import type { KnownForecast } from "./forecast-breach.ts";
import { endEpisode, newInstance, step } from "./step.ts";
import type { DataQuality, Instance, Step, Transition } from "./step.ts";
import { heldSeverity, thresholdWindow } from "./threshold.ts";
import type { Window } from "./threshold.ts";

type Patience = Omit<Rule, "kind" | "condition" | "selector">;
/** A rule that is evaluated at times, by what is known of one series then. */
export type TimedSeriesRule = Patience & { readonly selector: Selector } & Exclude<TimedCondition, { readonly kind: "composite" }>;
/** A rule that is evaluated at times, by what others are then. */
export type CompositeRule = Patience & Extract<TimedCondition, { readonly kind: "composite" }>;

/** How the condition of an instance went: ascending, each entry true from its time (Unix ms) to the next. */
export type Course = readonly { readonly at: number; readonly state: ConditionState; readonly data: DataQuality }[];

/** The instance at the end, and all that led there. */
export interface Run {
  readonly after: Instance;
  readonly transitions: readonly Transition[];
  readonly course: Course;
}

/** After so many evaluations others may have their turn in this process. */
export const ROWS_A_PART = 2_000;

interface TimedSeries extends Window {
  readonly cadence: number | null;
  readonly forecasts?: readonly KnownForecast[];
  readonly requiredSince?: number | null;
}

/** Evaluates at every multiple of the interval; while the series has expired it waits for the next point. */
export function* runTimed(
  rule: TimedSeriesRule,
  instance: Instance,
  series: TimedSeries,
  { from = 0, until }: { readonly from?: number; readonly until: number },
): Generator<undefined, Run> {
  const { timestamps, values, cadence, requiredSince = null } = series;
  const forecasts = (series.forecasts ?? []).toSorted((a, b) => a.cutoff - b.cutoff);
  const gridAt = (time: number) => Math.ceil(time / rule.interval) * rule.interval;
  const window = windowOf(rule, cadence);
  const silence = expiresAfter(rule, cadence);
  const aggregate = rule.kind === "threshold" ? slidingAggregate(values, rule.condition.aggregate) : null;
  const log = createLog(instance);
  // Of the points up to an evaluation, those from `first` on are in its window; `seen` is one more than the newest.
  let [first, seen] = [0, 0];
  let made = 0;
  let isWatched = false;
  let evaluations = 0;
  const begins = gridAt(Math.max(from, requiredSince === null ? (timestamps[0] ?? Infinity) : 0));
  for (let at = begins; at <= until - rule.evalDelay;) {
    if ((evaluations += 1) % ROWS_A_PART === 0) yield;
    while (seen < timestamps.length && timestamps[seen]! <= at) seen += 1;
    while (first < seen && timestamps[first]! <= at - window) first += 1;
    while (made < forecasts.length && forecasts[made]!.cutoff <= at) made += 1;
    const lastPointAt = timestamps[seen - 1] ?? null;
    if (requiredSince === null && (lastPointAt === null || at - lastPointAt >= silence)) {
      log.note(at, endEpisode(log.instance(), at, "expired"));
      isWatched = false;
      at = Math.max(at + rule.interval, gridAt(timestamps[seen] ?? Infinity));
      continue;
    }
    // A series that comes back after it has expired begins anew.
    const present = isWatched ? log.instance() : newInstance(instance.id, rule.severity);
    const seenPoints = { timestamps: timestamps.subarray(first, seen), values: values.subarray(first, seen) };
    const evaluation = evaluate(rule, at, {
      ...NOTHING_KNOWN,
      points: seenPoints,
      aggregated: aggregate === null || first === seen ? null : aggregate(first, seen),
      previous: heldSeverity(present),
      cadence,
      lastPointAt,
      requiredSince,
      forecasts: rule.kind === "forecast" ? forecasts.slice(Math.max(0, made - rule.condition.of), made) : [],
    });
    log.note(at, step(present, rule, evaluation));
    isWatched = true;
    at += rule.interval;
  }
  return log.run();
}

/** How far back a condition looks at points, ms. */
function windowOf(rule: TimedSeriesRule, cadence: number | null): number {
  if (rule.kind === "threshold") return thresholdWindow(rule.condition, rule.interval, cadence);
  return rule.kind === "rate_of_change" ? rule.condition.window : 0;
}

/** A rule that a composite one looks at, with how all its instances went. */
export interface SimulatedChild extends Pick<Child, "name" | "enabled"> {
  readonly courses: readonly Course[];
}

/** Evaluates a composite rule at every multiple of its interval. */
export function* runComposite(
  rule: CompositeRule,
  instance: Instance,
  children: ReadonlyMap<RuleId, SimulatedChild>,
  { from, until }: { readonly from: number; readonly until: number },
): Generator<undefined, Run> {
  const readers = [...children].map(([id, { name, enabled, courses }]) => ({ id, name, enabled, readers: courses.map(courseReader) }));
  const log = createLog(instance);
  let evaluations = 0;
  for (let at = Math.ceil(from / rule.interval) * rule.interval; at <= until - rule.evalDelay; at += rule.interval) {
    if ((evaluations += 1) % ROWS_A_PART === 0) yield;
    const known = readers.map(({ id, name, enabled, readers: own }): [RuleId, Child] => [
      id,
      { id, name, enabled, instances: own.flatMap((stateAt) => stateAt(at) ?? []) },
    ]);
    log.note(at, step(log.instance(), rule, evaluate(rule, at, { ...NOTHING_KNOWN, children: new Map(known) })));
  }
  return log.run();
}

/** Answers how a condition was at times that never go back; null before its first evaluation. */
function courseReader(course: Course): (at: number) => Course[number] | null {
  let next = 0;
  return (at) => {
    while (next < course.length && course[next]!.at <= at) next += 1;
    return course[next - 1] ?? null;
  };
}

/** The course of an instance whose data are always there, by the transitions of its condition. */
export const courseOf = (transitions: readonly Transition[]): Course =>
  transitions.flatMap((transition) => (transition.kind === "condition" ? [{ at: transition.at, state: transition.to, data: "ok" }] : []));

/** Keeps what evaluations make of an instance. */
function createLog(before: Instance) {
  const transitions: Transition[] = [];
  const course: Course[number][] = [];
  let instance = before;
  return {
    instance: () => instance,
    note(at: number, { instance: after, transitions: made }: Step): void {
      instance = after;
      for (const transition of made) transitions.push(transition);
      const { state, data } = after;
      const last = course.at(-1);
      if (last?.state !== state || last.data !== data) course.push({ at, state, data });
    },
    run: (): Run => ({ after: instance, transitions, course }),
  };
}
