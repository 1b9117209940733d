import { LONGEST_SILENCE_MS } from "../../shared/contract/alert-policy.ts";
import type { Silence, SilenceDefinition, WrittenSilence } from "../../shared/contract/alert-policy.ts";
import type { SilenceId } from "../../shared/contract/ids.ts";
import { invalid, Problem } from "../../shared/contract/problem.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";
import { silenceState } from "../../shared/core/alert/silences.ts";
import type { StoredPolicy } from "../../shared/ports/alert-policies.ts";

/** What a silence says, as the API shows it. */
export const writtenSilence = ({ startsAt, endsAt, ...silence }: SilenceDefinition): WrittenSilence => ({
  ...silence,
  startsAt: isoTime(startsAt),
  endsAt: isoTime(endsAt),
});

/** A silence as the API shows it. @param now - Unix ms, for its state. */
export const silenceAnswer = ({ id, version, definition, createdAt, updatedAt }: StoredPolicy<"silence">, now: number): Silence => ({
  id: id as SilenceId,
  version,
  state: silenceState(definition, now),
  ...writtenSilence(definition),
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});

/** The silence in an answer without its state, which changes by itself: what its ETag is of. */
export const withoutState = ({ state: _, ...silence }: Silence): Omit<Silence, "state"> => silence;

/** Refuses times at which nothing would be hidden, and an end too far ahead. @throws Problem validation-failed. */
export function requireFuture({ startsAt, endsAt }: SilenceDefinition, now: number): void {
  if (endsAt <= startsAt) throw invalid([{ path: "endsAt", message: "Expected a time after the start" }]);
  if (endsAt <= now) throw invalid([{ path: "endsAt", message: "Expected a time that is still to come" }]);
  if (endsAt > now + LONGEST_SILENCE_MS) {
    throw invalid([{ path: "endsAt", message: `Expected a time at most ${formatDuration(LONGEST_SILENCE_MS)} from now` }]);
  }
}

/** Refuses a change of a silence that has expired: it says what was hidden. @throws Problem conflict. */
export function requireUnexpired(silence: SilenceDefinition, now: number): void {
  if (silenceState(silence, now) === "expired") {
    throw new Problem("conflict", "The silence has expired, and stays as it is. Make another one.");
  }
}
