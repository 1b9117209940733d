import { createHash } from "node:crypto";
import { Problem } from "../contract/problem.ts";
import type { StoredAnswer } from "../ports/platform.ts";

/**
 * Reads an Idempotency-Key: a quoted string (draft-ietf-httpapi-idempotency-key-header), taken unquoted too.
 * @throws Problem malformed-request.
 */
export function parseIdempotencyKey(header: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim());
  const key = quoted ? quoted[1]!.replaceAll(/\\(["\\])/g, "$1") : header.trim();
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new Problem("malformed-request", "An Idempotency-Key has 1 to 255 printable ASCII characters.");
  return key;
}

/** What tells one body from another: SHA-256 in base64url. */
export const hashPayload = (body: Uint8Array): string => createHash("sha256").update(body).digest("base64url");

/**
 * Decides what a key that was seen before means.
 * @returns The stored answer.
 * @throws Problem idempotency-mismatch for another route or payload; in-flight while the first request is being worked on.
 */
export function recallAnswer(stored: StoredAnswer, route: string, payloadHash: string): { status: number; answer: string } {
  if (stored.route !== route || stored.payloadHash !== payloadHash) {
    throw new Problem(
      "idempotency-mismatch",
      "This Idempotency-Key came before with another route or body. Use a new key for a new request.",
    );
  }
  if (stored.status === null || stored.answer === null) {
    throw new Problem("in-flight", "The first request with this Idempotency-Key is still being worked on. Ask again in a moment.", {
      members: { retryAfterS: 1 },
    });
  }
  return { status: stored.status, answer: stored.answer };
}
