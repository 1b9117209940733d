import type { AlertId } from "../../contract/ids.ts";
import { episodeState } from "./status.ts";
import type { Episode, Instance, Transition } from "./step.ts";

/** A transition as its row says it. */
export interface RecordedTransition {
  readonly kind: Transition["kind"];
  readonly to: Transition["to"];
  readonly reason: Transition["reason"];
  /** Unix ms. */
  readonly at: number;
  /** Of a transition of an episode. */
  readonly alert: AlertId | null;
}

/** What evaluations came to that were run again from an earlier state on, because a point came in late. */
export interface Rerun {
  readonly from: Instance;
  readonly instance: Instance;
  readonly transitions: readonly Transition[];
}

/**
 * What is to be recorded of evaluations that were run again, so that the episodes are those that there would be had each point come in
 * time: an episode that is none after all ends as `corrected`, one that goes on after all is open again, and what is known already is
 * not said twice.
 *
 * @param stored - The instance's episodes that were open at `rerun.from` or began after it.
 * @param recorded - The instance's transitions after it.
 * @param at - When it is corrected: the last evaluation, Unix ms.
 */
export function correctedTransitions(
  { from, instance, transitions }: Rerun,
  { stored, recorded, at }: { readonly stored: readonly Episode[]; readonly recorded: readonly RecordedTransition[]; readonly at: number },
): readonly Transition[] {
  const known = new Set(recorded.map(identityOf));
  const news = transitions.filter((transition) => !known.has(identityOf(recordOf(transition))));
  const last = lastOfEach(from, instance, transitions);
  const corrections = stored.flatMap((before): Transition[] => {
    const after = last.get(before.id);
    if (after === undefined) return before.reason === "corrected" ? [] : [vanished(before, at)];
    const isTold = news.some((transition) => transition.kind === "episode" && transition.episode.id === before.id);
    return isTold || isSame(before, after) ? [] : [changed(before, after, at)];
  });
  return [...news, ...corrections];
}

/** Each episode as the evaluations left it. */
function lastOfEach(from: Instance, instance: Instance, transitions: readonly Transition[]): ReadonlyMap<AlertId, Episode> {
  const last = new Map<AlertId, Episode>();
  const note = (episode: Episode | null): void => void (episode === null || last.set(episode.id, episode));
  note(from.episode);
  for (const transition of transitions) if (transition.kind === "episode") note(transition.episode);
  note(instance.episode);
  return last;
}

const isSame = (a: Episode, b: Episode): boolean =>
  a.resolvedAt === b.resolvedAt && a.reason === b.reason && a.severity === b.severity && a.firingValue === b.firingValue;

function vanished(before: Episode, at: number): Transition {
  const episode: Episode = { ...before, resolvedAt: before.resolvedAt ?? at, reason: "corrected" };
  return correction(before, episode, before.resolvedAt === null ? "resolved" : null, at);
}

function changed(before: Episode, after: Episode, at: number): Transition {
  const isOpenAgain = before.resolvedAt !== null && after.resolvedAt === null;
  return correction(before, after, isOpenAgain ? "firing" : null, at);
}

const correction = (before: Episode, episode: Episode, notify: "firing" | "resolved" | null, at: number): Transition => ({
  kind: "episode",
  from: episodeState(before),
  to: episodeState(episode),
  reason: "corrected",
  at,
  actor: null,
  notify,
  episode,
});

const recordOf = ({ kind, to, reason, at, ...rest }: Transition): RecordedTransition => ({
  kind,
  to,
  reason,
  at,
  alert: "episode" in rest ? rest.episode.id : null,
});

const identityOf = ({ kind, to, reason, at, alert }: RecordedTransition): string => JSON.stringify([kind, to, reason, at, alert]);
