import { inhibitedBy } from "./inhibition.ts";
import { silenceState } from "./silences.ts";
import type { Labels, Policies } from "./policies.ts";

/** What hides the telling of an alert. */
export interface Suppression {
  /** As the alert shows it: `silence:`, `mute-window:` or `inhibition:` and the id. Empty where nothing does. */
  readonly by: readonly string[];
  /** When it is to be looked at again, Unix ms; null where nothing hides it, or where the end cannot be known before it comes. */
  readonly until: number | null;
}

const NOTHING: Suppression = { by: [], until: null };

/**
 * What hides each alert at a time. It hides the telling alone, never the condition: a source that is silenced itself still inhibits.
 *
 * @param firing - The labels of every alert of the organisation that fires: inhibitions look for their sources here.
 * @param now - Unix ms.
 */
export function suppressionAt(policies: Policies, firing: readonly Labels[], now: number): (alert: Labels) => Suppression {
  const silences = policies.silences.filter((silence) => silenceState(silence, now) === "active");
  const windows = policies.muteWindows.flatMap(({ id, matches, until }) => {
    const end = until(now);
    return end === null ? [] : [{ id, matches, end }];
  });
  const inhibitions = policies.inhibitions.map((inhibition) => ({ id: inhibition.id, hides: inhibitedBy(inhibition, firing) }));
  if (silences.length + windows.length + inhibitions.length === 0) return () => NOTHING;

  return (alert) => {
    const inhibiting = inhibitions.filter(({ hides }) => hides(alert));
    const muting = windows.filter(({ matches }) => matches(alert));
    const silencing = silences.filter(({ matches }) => matches(alert));
    const ends = [...muting.map(({ end }) => end), ...silencing.map(({ endsAt }) => endsAt)];
    return {
      by: [
        ...inhibiting.map(({ id }) => `inhibition:${id}`),
        ...muting.map(({ id }) => `mute-window:${id}`),
        ...silencing.map(({ id }) => `silence:${id}`),
      ],
      // It is hidden as long as any of them holds.
      until: inhibiting.length > 0 || ends.length === 0 ? null : Math.max(...ends),
    };
  };
}
