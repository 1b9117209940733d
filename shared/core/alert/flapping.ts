import type { Episode, Instance, Step, Timing, Transition } from "./step.ts";
import { episodeState } from "./status.ts";

/** An instance that begins and ends firing so often that people are told so once, and not of each time. Times in Unix ms. */
export interface Flapping {
  /** The first of the changes that it was found by. */
  readonly from: number;
  /** The last of them: since then nothing is told. */
  readonly since: number;
  /** The one that fired, or ended, then: of it people are told that it flaps. As it was then, and once it has ended, as it ended. */
  readonly episode: Episode;
}

/** So many beginnings and ends of firing within so many evaluations are flapping. */
export const FLAPPING_CHANGES = 4;
const WITHIN_EVALUATIONS = 20;
/** It is over after so many evaluations in a row that changed nothing. */
const CALM_EVALUATIONS = 4;

/** When an instance that flaps will have been calm for long enough, Unix ms; null where it does not flap. */
export function calmAt({ flapping, changes = [] }: Instance, { interval }: Pick<Timing, "interval">): number | null {
  return flapping === undefined ? null : (changes.at(-1) ?? flapping.since) + CALM_EVALUATIONS * interval;
}

/** An instance before an evaluation: calm where evaluations that were left out, since they change nothing, have made it so. */
export function calmBefore(instance: Instance, timing: Pick<Timing, "interval">, at: number): Step {
  const calm = calmAt(instance, timing);
  return calm !== null && at > calm ? becomeCalm(instance, at) : { instance, transitions: [] };
}

/**
 * Notes whether an evaluation made an instance begin or end firing: it begins to flap at the fourth time within 20 evaluations, of which
 * people are told; then they are told of nothing until it is calm, and then of what is the case. Evaluations are counted by time.
 *
 * @param before - The instance before the evaluation.
 * @param after - What the evaluation made of it.
 */
export function followFlapping(before: Instance, after: Step, timing: Pick<Timing, "interval">, at: number): Step {
  const { instance, transitions } = after;
  const isChanged = (before.episode === null) !== (instance.episode === null);
  if (before.flapping !== undefined) {
    const ended = transitions.find(
      (one) => one.kind === "episode" && one.to === "resolved" && one.episode.id === before.flapping!.episode.id,
    );
    const flapping = ended?.kind === "episode" ? { ...before.flapping, episode: ended.episode } : before.flapping;
    const muted = transitions.map(untold);
    const going: Instance = { ...instance, flapping, changes: isChanged ? [at] : (before.changes ?? []) };
    if (at < calmAt(going, timing)!) return { instance: going, transitions: muted };
    const calm = becomeCalm(going, at);
    return { instance: calm.instance, transitions: [...muted, ...calm.transitions] };
  }
  if (!isChanged) return after;
  const recent = (before.changes ?? []).filter((time) => at - time < WITHIN_EVALUATIONS * timing.interval);
  const changes = [...recent, at];
  const episode = instance.episode ?? transitions.findLast((one) => one.kind === "episode")?.episode;
  if (changes.length < FLAPPING_CHANGES || episode === undefined) return { instance: { ...instance, changes }, transitions };
  return {
    instance: { ...instance, changes: [at], flapping: { from: changes[0]!, since: at, episode } },
    transitions: [...transitions.map(untold), noted(episode, "flapping", at, "flapping")],
  };
}

/** Has an instance be calm from a time on: the one that it was told to flap by is told to be over, and what fires now is told. */
export function becomeCalm(instance: Instance, at: number): Step {
  const { flapping, changes: _, ...calm } = instance;
  if (flapping === undefined) return { instance: calm, transitions: [] };
  const { episode: begun } = flapping;
  const { episode: open } = instance;
  return {
    instance: calm,
    transitions: [
      ...(begun.resolvedAt === null ? [] : [noted(begun, "calm", at, open === null ? "resolved" : "closed")]),
      ...(open === null ? [] : [noted(open, "calm", at, "firing")]),
    ],
  };
}

const untold = (transition: Transition): Transition => (transition.kind === "episode" ? { ...transition, notify: null } : transition);

function noted(
  episode: Episode,
  reason: "flapping" | "calm",
  at: number,
  notify: Extract<Transition, { kind: "episode" }>["notify"],
): Transition {
  const state = episodeState(episode);
  return { kind: "episode", from: state, to: state, reason, at, actor: null, notify, episode };
}
