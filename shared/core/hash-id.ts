import { createHash } from "node:crypto";
import type { IdPrefix } from "../contract/ids.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/** JSON with sorted member names, so that equal values have one text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/**
 * Base32hex in lower case (RFC 4648, section 7), without padding.
 * @param bytes - A multiple of 5 bytes.
 */
export function base32hex(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(pending >> bits) & 31];
    }
    pending &= (1 << bits) - 1;
  }
  return text;
}

/**
 * The id that every process computes alike for one key: the first 120 bits of SHA-256 over the canonical JSON of the key.
 * @param prefix - The kind of id.
 * @param key - What the id stands for, organisation first; JSON-safe.
 */
export function hashId<Id extends string>(prefix: IdPrefix, key: readonly unknown[]): Id {
  const digest = createHash("sha256").update(canonicalJson(key)).digest();
  return `${prefix}_${base32hex(digest.subarray(0, 15))}` as Id;
}
