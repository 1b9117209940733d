import type { Rule } from "../../contract/rule.ts";
import { LATENESS_MS } from "../detect/arrivals.ts";
import { firstAtOrAfter } from "../series/merge.ts";
import { slidingAggregate } from "../series/sliding-aggregate.ts";
import { expiresAfter } from "./expiry.ts";
import { calmAt } from "./flapping.ts";
import { changesAt, evaluateSampled, sampledWindow } from "./sampled.ts";
import type { Moment, SampledRule, SampledSeries } from "./sampled.ts";
import { endEpisode, newInstance, step } from "./step.ts";
import type { Evaluation, Instance, Transition } from "./step.ts";

/** A series under a rule between two looks at it. */
export interface Watch {
  readonly instance: Instance;
  /** Whether the series has been looked at: not one that is new to the rule, or has expired. */
  readonly isWatched: boolean;
  /** The instance after some evaluations before, oldest first: what a late point leads back to. The first may never have been evaluated. */
  readonly checkpoints: readonly Instance[];
}

/** A watch after some evaluations, with what each of them changed, oldest first. */
export interface Watched extends Watch {
  readonly transitions: readonly Transition[];
  /** The next evaluation that may change anything though no point comes in, Unix ms; Infinity where none does. */
  readonly nextAt: number;
}

/** Evaluation times, Unix ms: every multiple of the interval from the one to the other, both inclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The first evaluation that a point is part of, Unix ms. */
export const gridAt = (time: number, { interval }: Pick<Rule, "interval">): number => Math.ceil(time / interval) * interval;

/** After so many evaluations others may have their turn in this process. */
export const EVALUATIONS_A_PART = 2_000;

/**
 * Runs the evaluations of a span, but those that would change nothing: where no point comes in, and none leaves the window, the condition
 * stays what it was. It gives the transitions and the instance that running all of them would give, but for `lastEvaluatedAt` and the
 * value of what is missing: how long it was silent when it was last looked at.
 *
 * @param series - Its columns reach over the windows of all evaluations, and may reach further on both sides.
 */
export function runWatch(rule: SampledRule, watch: Watch, series: SampledSeries, span: Span): Watched {
  const parts = watchInParts(rule, watch, series, span);
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value;
  }
}

/**
 * As runWatch, a part at a time: between two parts whoever asked may leave the process to others.
 * @param look - Sees the instance after each evaluation.
 */
export function* watchInParts(
  rule: SampledRule,
  watch: Watch,
  series: SampledSeries,
  { from, to }: Span,
  look: (at: number, instance: Instance) => void = () => {},
): Generator<undefined, Watched> {
  const { timestamps, values, cadence, before, requiredSince } = series;
  const patience = expiresAfter(rule, cadence);
  const window = sampledWindow(rule, cadence);
  const aggregate = rule.kind === "threshold" ? slidingAggregate(values, rule.condition.aggregate) : null;
  const transitions: Transition[] = [];
  let { instance, isWatched, checkpoints } = watch;
  // Of the points up to an evaluation, those from `first` on are in its window; `seen` is one more than the newest.
  let [first, seen] = [firstAtOrAfter(timestamps, from - window + 1), firstAtOrAfter(timestamps, from + 1)];
  let evaluations = 0;
  let at = from;
  while (at <= to) {
    if ((evaluations += 1) % EVALUATIONS_A_PART === 0) yield;
    while (seen < timestamps.length && timestamps[seen]! <= at) seen += 1;
    while (first < seen && timestamps[first]! <= at - window) first += 1;
    const newPointAt = gridAt(timestamps[seen] ?? Infinity, rule);
    const lastPointAt = timestamps[seen - 1] ?? before;
    // What is required is missed for as long as it is, also where it was never seen.
    if (requiredSince === null && (lastPointAt === null || at - lastPointAt >= patience)) {
      const ended = endEpisode(instance, at, "expired");
      transitions.push(...ended.transitions);
      [instance, isWatched, checkpoints] = [ended.instance, false, []];
      look(at, instance);
      at = newPointAt;
      continue;
    }
    // A series that comes back after it has expired begins anew.
    const present = isWatched ? instance : newInstance(instance.id, rule.severity);
    if (!isWatched) checkpoints = [present];
    const aggregated = aggregate === null || first === seen ? null : aggregate(first, seen);
    const moment: Moment = { at, instance: present, lastPointAt, aggregated };
    const evaluation = evaluateSampled(rule, series, moment);
    const next = step(present, rule, evaluation);
    for (const transition of next.transitions) transitions.push(transition);
    [instance, isWatched] = [next.instance, true];
    checkpoints = remember(checkpoints, instance);
    look(at, instance);
    const expiresAt = requiredSince === null ? gridAt(lastPointAt! + patience, rule) : Infinity;
    at = Math.max(at + rule.interval, Math.min(newPointAt, expiresAt, settledUntil(rule, series, instance, evaluation, moment)));
  }
  return { instance, isWatched, checkpoints, transitions, nextAt: at };
}

/** The next evaluation that may change an instance if no point comes in. */
function settledUntil(
  rule: SampledRule,
  series: SampledSeries,
  instance: Instance,
  { outcome }: Evaluation,
  { at, lastPointAt }: Moment,
): number {
  if (!isSettled(rule, instance, outcome)) return at + rule.interval;
  const changes = changesAt(rule, series, outcome, { at, instance, lastPointAt });
  return gridAt(Math.min(changes, instance.episode?.acknowledged?.until ?? Infinity, calmAt(instance, rule) ?? Infinity), rule);
}

/** Whether the same outcome again leaves an instance as it is. */
function isSettled({ noData }: SampledRule, { state, data }: Instance, outcome: Evaluation["outcome"]): boolean {
  if (outcome === "true") return state === "firing";
  if (outcome === "false") return state === "inactive";
  if (outcome === "not_due") return true;
  if (data !== "no_data") return false;
  if (noData === "alert") return state === "firing";
  return noData === "ok" ? state === "inactive" : state !== "pending";
}

/** Keeps the states that a point may lead back to which comes in late: some from the lateness bound on, and one from before it. */
function remember(checkpoints: readonly Instance[], instance: Instance): readonly Instance[] {
  const at = instance.lastEvaluatedAt!;
  const newest = checkpoints.at(-1)?.lastEvaluatedAt ?? -Infinity;
  const kept = at - newest >= LATENESS_MS / 2 ? [...checkpoints, instance] : [...checkpoints];
  while (kept.length > 1 && (kept[1]!.lastEvaluatedAt ?? -Infinity) < at - LATENESS_MS) kept.shift();
  return kept;
}

/**
 * Goes back to before the first evaluation that a late point is part of.
 * @param at - That evaluation, Unix ms.
 * @returns The watch as it was then, and the evaluation to go on from; null where it does not reach back so far.
 */
export function rewind(watch: Watch, at: number, { interval }: Pick<SampledRule, "interval">): (Watch & { readonly from: number }) | null {
  const place = watch.checkpoints.findLastIndex(({ lastEvaluatedAt }) => lastEvaluatedAt === null || lastEvaluatedAt < at);
  const checkpoint = watch.checkpoints[place];
  if (checkpoint === undefined) return null;
  const { lastEvaluatedAt } = checkpoint;
  return {
    instance: checkpoint,
    isWatched: lastEvaluatedAt !== null,
    checkpoints: watch.checkpoints.slice(0, place + 1),
    from: lastEvaluatedAt === null ? at : lastEvaluatedAt + interval,
  };
}
