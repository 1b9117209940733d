import type { Labels, MuteWindowInForce, Policies } from "./policies.ts";
import { silenceState } from "./silences.ts";
import { suppressionAt } from "./suppression.ts";
import type { Suppression } from "./suppression.ts";

/**
 * What would have hidden the alerts of a backtest: silences of their time, and mute windows as they are now. Inhibitions do not: what else
 * fired then is not looked at.
 *
 * @param alerts - The labels of all that are asked about.
 * @returns What hides alerts at a time, Unix ms, or null where nothing does then; undefined where nothing could hide any of them at any time.
 */
export function pastSuppression(
  { silences, muteWindows, routes }: Policies,
  alerts: readonly Labels[],
): ((at: number) => ((alert: Labels) => Suppression) | null) | undefined {
  const concerns = ({ matches }: { readonly matches: (labels: Labels) => boolean }) => alerts.some((labels) => matches(labels));
  const policies: Policies = {
    routes,
    silences: silences.filter(concerns),
    muteWindows: muteWindows.filter(concerns).map(remembering),
    inhibitions: [],
  };
  if (policies.silences.length + policies.muteWindows.length === 0) return undefined;
  const isAny = (at: number) =>
    policies.silences.some((silence) => silenceState(silence, at) === "active") ||
    policies.muteWindows.some(({ until }) => until(at) !== null);
  return (at) => (isAny(at) ? suppressionAt(policies, [], at) : null);
}

/** A window whose end is not looked for again as long as it holds. */
function remembering(window: MuteWindowInForce): MuteWindowInForce {
  let known: { readonly from: number; readonly until: number } | null = null;
  return {
    ...window,
    until(now) {
      if (known !== null && now >= known.from && now < known.until) return known.until;
      const until = window.until(now);
      known = until === null ? null : { from: now, until };
      return until;
    },
  };
}
