import type { ConditionState, DataQuality } from "../../contract/alert.ts";
import type { RuleId } from "../../contract/ids.ts";
import type { Child, CompositeRule } from "./composite.ts";
import { evaluate, NOTHING_KNOWN } from "./evaluate.ts";
import type { SampledRule, SampledSeries } from "./sampled.ts";
import { step } from "./step.ts";
import type { Instance, Transition } from "./step.ts";
import { EVALUATIONS_A_PART, gridAt, watchInParts } from "./watch.ts";

/** How the condition of an instance went: ascending, each entry true from its time (Unix ms) to the next. */
export type Course = readonly { readonly at: number; readonly state: ConditionState; readonly data: DataQuality }[];

/** The instance at the end, and all that led there. */
export interface Run {
  readonly after: Instance;
  readonly transitions: readonly Transition[];
  readonly course: Course;
}

/** Evaluates as live evaluation would, had each point come in at its own time. */
export function* runTimed(
  rule: SampledRule,
  instance: Instance,
  series: SampledSeries,
  { from = 0, until }: { readonly from?: number; readonly until: number },
): Generator<undefined, Run> {
  const { timestamps, requiredSince } = series;
  const log = createLog();
  const begins = gridAt(Math.max(from, requiredSince === null ? (timestamps[0] ?? Infinity) : 0), rule);
  const before = { instance, isWatched: false, checkpoints: [] };
  const { instance: after, transitions } = yield* watchInParts(
    rule,
    before,
    series,
    { from: begins, to: until - rule.evalDelay },
    log.look,
  );
  return { after, transitions, course: log.course };
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
  const log = createLog();
  const transitions: Transition[] = [];
  let after = instance;
  let evaluations = 0;
  for (let at = gridAt(from, rule); at <= until - rule.evalDelay; at += rule.interval) {
    if ((evaluations += 1) % EVALUATIONS_A_PART === 0) yield;
    const known = readers.map(({ id, name, enabled, readers: own }): [RuleId, Child] => [
      id,
      { id, name, enabled, instances: own.flatMap((stateAt) => stateAt(at) ?? []) },
    ]);
    const next = step(after, rule, evaluate(rule, at, { ...NOTHING_KNOWN, children: new Map(known) }));
    after = next.instance;
    for (const transition of next.transitions) transitions.push(transition);
    log.look(at, after);
  }
  return { after, transitions, course: log.course };
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

/** Keeps how the condition of an instance went. */
function createLog() {
  const course: Course[number][] = [];
  return {
    course,
    look(at: number, { state, data }: Instance): void {
      const last = course.at(-1);
      if (last?.state !== state || last.data !== data) course.push({ at, state, data });
    },
  };
}
