import type { Event } from "../contract/events.ts";
import type { EventStore } from "../ports/platform.ts";

/** An event is tried so many times by a consumer before it is a dead letter. */
export const MOST_ATTEMPTS = 10;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
const MAX_ERROR_CHARACTERS = 1_000;

/** Milliseconds to wait after the n-th failed attempt, n >= 1: doubling from half a second to a minute. */
export const backoffMs = (attempts: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));

/** Records that a consumer failed on an event: it is due again after a wait, or dead after the last attempt. Returns whether it is dead. */
export async function recordFailure(
  events: EventStore,
  failure: { consumer: string; event: Event; error: unknown; attempts: number; now: number; waitMs?: number },
): Promise<boolean> {
  const { consumer, event, error, attempts, now, waitMs = backoffMs(attempts) } = failure;
  const dead = attempts >= MOST_ATTEMPTS;
  await events.recordFailure({
    consumer,
    event,
    error: (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR_CHARACTERS),
    nextAttemptAt: now + waitMs,
    deadAt: dead ? now : null,
    at: now,
  });
  return dead;
}
