import type { SilenceDefinition, SilenceState } from "../../contract/alert-policy.ts";

/** Where a silence stands at a time, Unix ms: its start is in it, its end is not. */
export function silenceState({ startsAt, endsAt }: Pick<SilenceDefinition, "startsAt" | "endsAt">, now: number): SilenceState {
  if (now >= endsAt) return "expired";
  return now >= startsAt ? "active" : "pending";
}

/** A silence that ends at a time, Unix ms, instead of its own end; one that had not begun yet never does. */
export const expireAt = (silence: SilenceDefinition, now: number): SilenceDefinition => ({
  ...silence,
  startsAt: Math.min(silence.startsAt, now),
  endsAt: now,
});
