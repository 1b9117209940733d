import type { Event } from "../contract/events.ts";
import type { DeadLetterId, EventId, KeyId, OrgId } from "../contract/ids.ts";
import type { EventDeadLetter } from "../contract/dead-letter.ts";
import type { Key, RateLimit, Scope } from "../contract/key.ts";
import type { Org } from "../contract/org.ts";
import type { Page, PageQuery } from "../contract/page.ts";

/** A key as authentication needs it. */
export interface KeyRecord {
  readonly id: KeyId;
  readonly org: OrgId | null;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly rateLimit: RateLimit | null;
}

export interface NewKey {
  readonly id: KeyId;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly rateLimit: RateLimit | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export interface OrgsStore {
  /** Creates an organisation with its first key, in one batch. */
  create(org: Org, key: NewKey): Promise<void>;
  get(id: OrgId): Promise<Org | null>;
  /** Every organisation after an id, for work that a tick does for all of them. */
  list(after: string, limit: number): Promise<readonly OrgId[]>;
}

export interface KeysStore {
  insert(key: NewKey): Promise<Key>;
  get(id: KeyId): Promise<Key | null>;
  list(page: PageQuery): Promise<Page<Key>>;
  revoke(id: KeyId, at: number): Promise<Key | null>;
}

/** Keys by their hash, across organisations: for authentication only. */
export interface KeyRing {
  find(hash: Uint8Array): Promise<KeyRecord | null>;
  touch(id: KeyId, at: number): Promise<void>;
  insertPlatformKey(key: NewKey): Promise<void>;
}

export interface StoredAnswer {
  readonly route: string;
  readonly payloadHash: string;
  /** null while the request is being worked on. */
  readonly status: number | null;
  readonly answer: string | null;
}

export interface IdempotencyStore {
  find(key: string, now: number): Promise<StoredAnswer | null>;
  /** Takes the key for a request that is being worked on. False when it is taken. */
  reserve(entry: { key: string; route: string; payloadHash: string; expiresAt: number; now: number }): Promise<boolean>;
  complete(entry: { key: string; status: number; answer: string; expiresAt: number }): Promise<void>;
  release(key: string): Promise<void>;
}

export interface LeaseStore {
  /** Takes or renews a lease; false while somebody else holds it. */
  acquire(name: string, owner: string, until: number, now: number): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;
}

export interface OutboxRow {
  readonly seq: number;
  readonly event: Event;
}

export interface FailedEvent {
  readonly id: DeadLetterId;
  readonly consumer: string;
  readonly event: Event;
  readonly attempts: number;
}

export interface EventStore {
  /** Adds an event of its own, such as a tick; the same id again is ignored. */
  enqueue(event: Event): Promise<void>;
  /** Events that were not published yet, oldest first, after a row. */
  pending(page: { after: number; limit: number }): Promise<readonly OutboxRow[]>;
  markPublished(ids: readonly EventId[], at: number): Promise<void>;
  wasProcessed(consumer: string, id: EventId): Promise<boolean>;
  markProcessed(consumer: string, id: EventId, at: number): Promise<void>;
  /** Records a failed attempt, the first or a further one; `deadAt` makes it the last. */
  recordFailure(failure: {
    consumer: string;
    event: Event;
    error: string;
    nextAttemptAt: number;
    deadAt: number | null;
    at: number;
  }): Promise<void>;
  /** What is recorded of a consumer's failed attempts on an event, due or dead; null when it never failed, or is done with. */
  failure(consumer: string, id: EventId): Promise<{ readonly id: DeadLetterId; readonly attempts: number } | null>;
  failuresDue(now: number, limit: number): Promise<readonly FailedEvent[]>;
  /** Forgets a failure; with `attempts`, only as long as it has not failed again since. */
  removeFailure(id: DeadLetterId, attempts?: number): Promise<boolean>;
  listDead(page: PageQuery): Promise<Page<EventDeadLetter>>;
  getDead(id: DeadLetterId): Promise<FailedEvent | null>;
  /** Makes a dead event due again. */
  revive(id: DeadLetterId, at: number): Promise<boolean>;
  /** Forgets events published and marks set before a time, and idempotency keys that have expired by now: all of them, a bite at a time. */
  prune(before: number, now: number): Promise<void>;
}
