import { windowAt } from "../time-windows.ts";
import { inhibitedDuring } from "./inhibition.ts";
import type { Fired, PastInhibition } from "./inhibition.ts";
import type { Labelled, Labels, MuteWindowInForce, Policies } from "./policies.ts";
import { silenceState } from "./silences.ts";
import { suppressionAt } from "./suppression.ts";
import type { Suppression } from "./suppression.ts";

/** How long before a time an episode began at most that is looked at for it, ms. */
export const FIRED_BEFORE_MS = 30 * 86_400_000;

/** An episode as matchers look at it, and its time, Unix ms. */
export interface FiredAlert extends Labelled {
  readonly startedAt: number;
  readonly resolvedAt: number | null;
}

/**
 * What would have hidden the alerts of a backtest: silences of their time; mute windows and inhibitions as they are now.
 *
 * @param alerts - The labels of all that are asked about.
 * @param fired - All that fired then, those of the backtest too: inhibitions look for their sources here.
 * @returns What hides alerts at a time, Unix ms, or null where nothing does then; undefined where nothing could hide any of them at any time.
 */
export function pastSuppression(
  { silences, muteWindows, inhibitions, routes }: Policies,
  alerts: readonly Labels[],
  fired: readonly Fired[] = [],
): ((at: number) => ((alert: Labels) => Suppression) | null) | undefined {
  const concerns = ({ matches }: { readonly matches: (labels: Labels) => boolean }) => alerts.some((labels) => matches(labels));
  const policies: Policies = {
    routes,
    silences: silences.filter(concerns),
    muteWindows: muteWindows.filter(concerns).map(remembering),
    inhibitions: [],
  };
  const inhibiting = inhibitions
    .filter(({ isTarget }) => alerts.some((labels) => isTarget(labels)))
    .map((inhibition) => ({ id: inhibition.id, ...inhibitedDuring(inhibition, fired) }))
    .filter(({ windows }) => windows.length > 0);
  if (policies.silences.length + policies.muteWindows.length + inhibiting.length === 0) return undefined;
  const isAny = (at: number) =>
    policies.silences.some((silence) => silenceState(silence, at) === "active") ||
    policies.muteWindows.some(({ until }) => until(at) !== null);
  return (at) => {
    const present = inhibiting.filter(({ windows }) => windowAt(windows, at) !== null);
    const hides = isAny(at) ? suppressionAt(policies, [], at) : null;
    if (present.length === 0) return hides;
    return (alert) => withInhibitions(hides?.(alert) ?? { by: [], until: null }, present, alert, at);
  };
}

/** It is hidden as long as anything holds; here the end of an inhibition is known too. */
function withInhibitions(
  { by, until }: Suppression,
  inhibitions: readonly (PastInhibition & { readonly id: string })[],
  alert: Labels,
  at: number,
): Suppression {
  const hiding = inhibitions.flatMap(({ id, hiddenUntil }) => {
    const end = hiddenUntil(alert, at);
    return end === null ? [] : [{ id, end }];
  });
  const end = Math.max(until ?? 0, ...hiding.map((one) => one.end));
  return {
    by: [...hiding.map(({ id }) => `inhibition:${id}`), ...by],
    until: end === 0 || end === Infinity ? null : end,
  };
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
