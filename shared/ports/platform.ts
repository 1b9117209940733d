import type { Event } from "../contract/events.ts";
import type { DeadLetterId, EventId, KeyId, OrgId } from "../contract/ids.ts";
import type { EventDeadLetter } from "../contract/dead-letter.ts";
import type { Key, RateLimit, Scope } from "../contract/key.ts";
import type { Org } from "../contract/org.ts";
import type { Page, PageQuery } from "../contract/page.ts";

// Times are Unix ms.

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

/** A key to be stored: of the key itself only its hash. */
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

/** The keys of an organisation. */
export interface KeysStore {
  insert(key: NewKey): Promise<Key>;
  get(id: KeyId): Promise<Key | null>;
  /** By id, so oldest first. */
  list(page: PageQuery): Promise<Page<Key>>;
  /** The key as it is then, revoked at the first such time; null when there is none. */
  revoke(id: KeyId, at: number): Promise<Key | null>;
}

/** Keys by their hash, across organisations: for authentication only. */
export interface KeyRing {
  find(hash: Uint8Array): Promise<KeyRecord | null>;
  /** Notes that a key was used. */
  touch(id: KeyId, at: number): Promise<void>;
  /** A key that is there already stays as it is. */
  insertPlatformKey(key: NewKey): Promise<void>;
}

/** What is known of an idempotency key. */
export interface StoredAnswer {
  readonly route: string;
  readonly payloadHash: string;
  /** null while the request is being worked on. */
  readonly status: number | null;
  readonly answer: string | null;
}

/** The idempotency keys of an organisation. */
export interface IdempotencyStore {
  /** null for a key that is new, or has expired. */
  find(key: string, now: number): Promise<StoredAnswer | null>;
  /** Takes the key for a request that is being worked on. False when it is taken. */
  reserve(entry: { key: string; route: string; payloadHash: string; expiresAt: number; now: number }): Promise<boolean>;
  /** Keeps the answer of a request that had taken the key. */
  complete(entry: { key: string; status: number; answer: string; expiresAt: number }): Promise<void>;
  /** Gives a key back that was taken for a request that failed; a kept answer stays. */
  release(key: string): Promise<void>;
}

/** Who works at what: spares others the same work, and is no lock, since a holder may be slower than its lease. */
export interface LeaseStore {
  /** Takes or renews a lease; false while somebody else holds it. */
  acquire(name: string, owner: string, until: number, now: number): Promise<boolean>;
  /** Gives a lease back; one that has passed on to another stays. */
  release(name: string, owner: string): Promise<void>;
}

/** An event that is still to be published; rows are numbered in the order of their commits. */
export interface OutboxRow {
  readonly seq: number;
  readonly event: Event;
}

/** An event that a consumer failed on, so many times up to now. */
export interface FailedEvent {
  readonly id: DeadLetterId;
  readonly consumer: string;
  readonly event: Event;
  readonly attempts: number;
}

/** The outbox, what consumers have worked off, and what they failed on. */
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
  /** Failures whose next attempt is due, most overdue first. */
  failuresDue(now: number, limit: number): Promise<readonly FailedEvent[]>;
  /** Forgets a failure; with `attempts`, only as long as it has not failed again since. */
  removeFailure(id: DeadLetterId, attempts?: number): Promise<boolean>;
  /** Events that were given up, by id. */
  listDead(page: PageQuery): Promise<Page<EventDeadLetter>>;
  getDead(id: DeadLetterId): Promise<FailedEvent | null>;
  /** Makes a dead event due again. */
  revive(id: DeadLetterId, at: number): Promise<boolean>;
  /** Forgets events published and marks set before a time, and idempotency keys that have expired by now: all of them, a bite at a time. */
  prune(before: number, now: number): Promise<void>;
}
