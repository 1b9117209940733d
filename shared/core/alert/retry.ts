import type { ChannelKind } from "../../contract/channel.ts";
import type { ChannelId } from "../../contract/ids.ts";

/** Delay before each attempt, counted from the end of the one before, ms. */
const PAGING = [0, 5_000, 15_000, 30_000, 60_000] as const;
/** @see Standard Webhooks 1.0, "Deliverability and reliability", to its 10 h. */
const PATIENT = [0, 5_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 5 * 3_600_000, 10 * 3_600_000] as const;

/** Kinds that wake people, or are told again soon anyway, get few attempts in quick succession. */
const PAGING_KINDS: readonly string[] = ["pagerduty", "alertmanager"];

/** A channel as far as its patience goes: one with a fallback has none, since somebody else is to be told in minutes. */
export interface Tried {
  readonly kind: string;
  readonly fallback: ChannelId | null;
}

const isPaging = ({ kind, fallback }: Tried): boolean => fallback !== null || PAGING_KINDS.includes(kind);

/** A delay grows by up to this share, so that what failed together does not come back together. */
const JITTER = 0.2;
/** No receiver can put a message off for longer, nor one that is to get through in minutes or be given up. */
const LONGEST_RETRY_AFTER_MS = 86_400_000;
const LONGEST_PAGING_RETRY_AFTER_MS = 60_000;

/**
 * When a message is tried next.
 *
 * @param attempts - Attempts made so far; 0 for a new message, which is due at once.
 * @param now - Unix ms.
 * @param jitter - Uniform in [0, 1].
 * @param retryAfterMs - What the receiver asked for, or null; it puts an attempt off, never forward, by a day or a minute at most.
 * @returns Unix ms, or null when every attempt was used: the message is dead.
 */
export function nextAttemptAt(channel: Tried, attempts: number, now: number, jitter: number, retryAfterMs: number | null): number | null {
  const [schedule, longest] = isPaging(channel) ? [PAGING, LONGEST_PAGING_RETRY_AFTER_MS] : [PATIENT, LONGEST_RETRY_AFTER_MS];
  const delay = schedule[attempts];
  if (delay === undefined) return null;
  const wanted = Math.min(longest, retryAfterMs ?? 0);
  return now + Math.max(Math.round(delay * (1 + JITTER * jitter)), wanted);
}

/** `gone` means that the endpoint will never be there again: its channel is disabled. */
export type ResponseClass = "delivered" | "retry" | "final" | "gone";

const RETRIED = new Set([408, 425, 429]);

/**
 * What an answer means for the message.
 *
 * @param status - The HTTP status; null where none came (time-out, refused, broken off).
 * @param body - The answer's text.
 */
export function classifyResponse(kind: ChannelKind, status: number | null, body: string): ResponseClass {
  if (status === null) return "retry";
  // Slack answers "ok": anything else with 200 came from something in between.
  if (status >= 200 && status < 300) return kind === "slack" && body.trim() !== "ok" ? "retry" : "delivered";
  if (status === 410) return "gone";
  if (status >= 400 && status < 500 && !RETRIED.has(status)) return "final";
  return "retry";
}
