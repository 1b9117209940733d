import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyId } from "../contract/ids.ts";
import { Problem } from "../contract/problem.ts";
import type { KeyRecord, KeyRing } from "../ports/platform.ts";
import type { RouteScope } from "./route.ts";

const API_KEY = /^iv_[A-Za-z0-9_-]{32}$/;
/** How long a key is trusted without looking it up: a revoked key may work so much longer on other instances. */
const TRUSTED_MS = 5_000;
const MOST_CACHED = 10_000;
const TOUCH_EVERY_MS = 60_000;

/** The stored form of a key: SHA-256, keyed with the salt. */
export const hashApiKey = (apiKey: string, salt: string): Uint8Array => createHmac("sha256", salt).update(apiKey).digest();

/** A new key: `iv_` and 24 random bytes in base64url. */
export const apiKeyOf = (random: Uint8Array): string => `iv_${Buffer.from(random).toString("base64url")}`;

/**
 * Finds whose key a request carries.
 * @throws Problem unauthenticated, with the same words for a missing, malformed, unknown, expired and revoked key.
 */
export function createAuthenticator(salt: string, now: () => number) {
  const cache = new Map<string, { record: KeyRecord; until: number }>();
  const touched = new Map<string, number>();

  return { authenticate, forget };

  async function authenticate(apiKey: string | null, keyRing: KeyRing): Promise<KeyRecord> {
    if (apiKey === null || !API_KEY.test(apiKey)) throw unauthenticated();
    const hash = hashApiKey(apiKey, salt);
    const record = await find(hash, keyRing);
    const at = now();
    if (record === null || record.revokedAt !== null || (record.expiresAt !== null && record.expiresAt <= at)) throw unauthenticated();

    const last = touched.get(record.id) ?? record.lastUsedAt ?? 0;
    if (at - last >= TOUCH_EVERY_MS) {
      if (touched.size >= MOST_CACHED) touched.clear();
      touched.set(record.id, at);
      await keyRing.touch(record.id, at);
    }
    return record;
  }

  /** Looks a key up anew the next time that it comes: it was revoked. */
  function forget(id: KeyId): void {
    for (const [name, { record }] of cache) if (record.id === id) cache.delete(name);
  }

  async function find(hash: Uint8Array, keyRing: KeyRing): Promise<KeyRecord | null> {
    const name = Buffer.from(hash).toString("base64");
    const cached = cache.get(name);
    if (cached !== undefined && cached.until > now()) return cached.record;
    const record = await keyRing.find(hash);
    if (record === null || !timingSafeEqual(record.hash, hash)) return null;
    if (cache.size >= MOST_CACHED) cache.clear();
    cache.set(name, { record, until: now() + TRUSTED_MS });
    return record;
  }
}

export type Authenticate = ReturnType<typeof createAuthenticator>["authenticate"];

/** Whether a key's scopes allow a route. `platform` stands outside `*`: a tenant's key never has it, the platform's has nothing else. */
export function requireScope({ scopes, org }: KeyRecord, scope: Exclude<RouteScope, "none">): void {
  const allowed = scope === "platform" ? scopes.includes("platform") : org !== null && (scopes.includes(scope) || scopes.includes("*"));
  if (!allowed) throw new Problem("forbidden", `This needs a key with the scope ${scope}.`);
}

/** The key in `X-API-Key`, or in `Authorization` as a Bearer token. */
export function apiKeyIn(headers: Readonly<Record<string, string | undefined>>): string | null {
  const own = headers["x-api-key"];
  if (own !== undefined) return own.trim();
  const bearer = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "");
  return bearer?.[1] ?? null;
}

const unauthenticated = () =>
  new Problem("unauthenticated", "Send an API key of your organisation as X-API-Key, or as a Bearer token in Authorization.");
