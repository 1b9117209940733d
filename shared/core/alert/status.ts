import type { AlertStatus, ConditionState } from "../../contract/alert.ts";
import type { Episode, EpisodeState } from "./step.ts";

/**
 * What people call the state of an alert: the first that holds of resolved, suppressed, acknowledged, firing, pending.
 *
 * @param alert.episode - The episode, also once it is resolved; null where the instance has none.
 * @param alert.suppressedBy - What hides its delivery; empty where nothing does.
 * @param now - Unix ms: an acknowledgement that has ended by then no longer counts.
 * @returns null for an instance that is inactive: it is no alert.
 */
export function alertStatus(
  { condition, episode, suppressedBy }: { condition: ConditionState; episode: Episode | null; suppressedBy: readonly string[] },
  now: number,
): AlertStatus | null {
  if (episode === null && condition === "inactive") return null;
  if (episode !== null && episode.resolvedAt !== null) return "resolved";
  if (suppressedBy.length > 0) return "suppressed";
  if (episode === null) return "pending";
  return isAcknowledged(episode.acknowledged, now) ? "acknowledged" : "firing";
}

/** Whether an acknowledgement holds at a time, Unix ms; at its `until` it has ended. */
export function isAcknowledged(acknowledged: { readonly until: number | null } | null, now: number): boolean {
  return acknowledged !== null && (acknowledged.until === null || acknowledged.until > now);
}

/** Whether an episode is open, acknowledged or resolved. */
export function episodeState({ resolvedAt, acknowledged }: Pick<Episode, "resolvedAt" | "acknowledged">): EpisodeState {
  if (resolvedAt !== null) return "resolved";
  return acknowledged === null ? "open" : "acknowledged";
}
