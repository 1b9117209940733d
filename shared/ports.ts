import type { Event } from "./contract/events.ts";
import type { IdPrefix, KeyId } from "./contract/ids.ts";
import type { Charts } from "./ports/charts.ts";
import type { Forecasters } from "./ports/forecasters.ts";
import type { Mail } from "./ports/mail.ts";
import type { FailedEvent } from "./ports/platform.ts";
import type { Store } from "./ports/store.ts";

/** Everything a function may do to the world. Tests pass fakes; nothing else reaches out. */
export interface Deps {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  /** For addresses that tenants gave: checks the address that is connected to, bounds time and size, follows no redirect. */
  readonly fetch: GuardedFetch;
  /** Says before it is stored what `fetch` and `mail` would refuse of an address by its spelling alone. */
  readonly addressRefusal: AddressRefusal;
  /** E-mail, over the operator's server or a tenant's. */
  readonly mail: Mail;
  /** Where PagerDuty's events go in place of its own addresses, called through `fetch`; undefined: to those. */
  readonly pagerdutyUrl: string | undefined;
  readonly forecasters: Forecasters;
  readonly charts: Charts;
  readonly secrets: SecretBox;
  readonly alarm: Alarm;
  readonly newId: NewId;
  readonly issueApiKey: IssueApiKey;
  /** Has this process look a key up anew that was revoked; others trust what they know of it for five seconds at most. */
  readonly forgetApiKey: (id: KeyId) => void;
  readonly random: Random;
  /** Says in the log what went wrong where the work goes on without it: a message that is always the same, and what tells one from another. */
  readonly warn: (message: string, fields: Readonly<Record<string, string>>, error?: unknown) => void;
  /** Prints for the person at the terminal, or to the function's log where there is none. */
  readonly print: (text: string) => void;
}

/** The time. */
export interface Clock {
  /** Unix ms. */
  now(): number;
}

/** A new id that nobody can guess, sorting after those made in earlier milliseconds. */
export type NewId = <Id extends string>(prefix: IdPrefix) => Id;

/** A new API key and the form of it that is stored: the key itself is shown once, and kept nowhere. */
export type IssueApiKey = () => { readonly apiKey: string; readonly hash: Uint8Array };

/** Chance. */
export interface Random {
  /** Uniform in [0, 1): for jitter. */
  uniform(): number;
  /** Unpredictable bytes: for secrets. */
  bytes(n: number): Uint8Array;
}

/** Takes events to those who want them. */
export interface Bus {
  /** Hands events over to their consumers, at least once. What is not handed over stays in the outbox for the relay. */
  publish(events: readonly Event[]): Promise<void>;
  /** Has events that a consumer failed on, and that are due again, delivered once more. */
  redeliver(failed: readonly FailedEvent[]): Promise<void>;
}

/** Asks that notifications due at a time are worked off then. A lost alarm is made good by the minute's tick. */
export interface Alarm {
  wakeAt(at: number): Promise<void>;
}

/** Seals what must not be readable in the database; `context` must be the same when opening. */
export interface SecretBox {
  seal(plain: string, context: string): string;
  open(sealed: string, context: string): string;
  /** What everything begins with that the present key sealed, while an earlier one opens too; null where there is no earlier one. */
  readonly rotatesTo: string | null;
}

export interface OperatorCall {
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole answer. */
  readonly timeoutMs: number;
}

/**
 * Calls an address that the operator configured; one of a tenant's goes through the guarded fetch.
 * @throws Error when there is no whole answer in time.
 */
export type OperatorRequest = (url: string, call: OperatorCall) => Promise<{ readonly status: number; readonly body: string }>;

/** A call to somebody else's address; GET and the fetch's own time limit when nothing else is said. */
export interface OutgoingRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

/** Its answer, whatever its status. Header names are lower case. */
export interface OutgoingResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Cut at the limit of the fetch that made it. */
  readonly body: string;
}

export type GuardedFetch = (url: string, request: OutgoingRequest) => Promise<OutgoingResponse>;

/** Why a URL would never be called: its host is an address that is not public, or it carries credentials. null where connecting decides. */
export type AddressRefusal = (url: string) => Promise<string | null>;
