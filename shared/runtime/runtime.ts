import type { Event } from "../contract/events.ts";
import type { Deps } from "../ports.ts";
import type { Store } from "../ports/store.ts";
import type { Invocation } from "../store/outbox.ts";
import type { Authenticate } from "./auth.ts";
import { errorFields } from "./log.ts";
import type { Log } from "./log.ts";
import type { RateLimiter } from "./rate-limit.ts";

/** What one process has, built once (see deps.ts): from it each invocation gets its own Deps, with a store of its own. */
export interface Runtime extends Omit<Deps, "store"> {
  readonly stores: (invocation: Invocation) => Store;
  readonly log: Log;
  readonly authenticate: Authenticate;
  readonly rateLimiter: RateLimiter;
  /** Ids of keys without a rate limit: the local system's own. */
  readonly unlimitedKeys: ReadonlySet<string>;
  readonly idempotencyTtlMs: number;
}

/** How long an answer waits for its events to be published. What takes longer is swept by the relay. */
const PUBLISH_WITHIN_MS = 200;

/** The Deps of one invocation, and the events that it commits through them. */
export function openInvocation(runtime: Runtime, traceparent: string | null): { deps: Deps; committed: Event[] } {
  const {
    stores,
    bus,
    clock,
    fetch,
    addressRefusal,
    mail,
    pagerdutyUrl,
    forecasters,
    charts,
    secrets,
    alarm,
    newId,
    issueApiKey,
    forgetApiKey,
    random,
    print,
    warn,
  } = runtime;
  const committed: Event[] = [];
  const store = stores({ newId, traceparent, committed });
  const deps = {
    store,
    bus,
    clock,
    fetch,
    addressRefusal,
    mail,
    pagerdutyUrl,
    forecasters,
    charts,
    secrets,
    alarm,
    newId,
    issueApiKey,
    forgetApiKey,
    random,
    print,
    warn,
  };
  return { committed, deps };
}

/** Publishes what an invocation committed, after the commit and before its answer. Never fails: the outbox still holds the events. */
export async function publishCommitted({ bus, log }: Runtime, committed: readonly Event[]): Promise<void> {
  if (committed.length === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PUBLISH_WITHIN_MS);
  });
  try {
    await Promise.race([bus.publish(committed), timeUp]);
  } catch (error) {
    log.warning("Events stay in the outbox: publishing failed", { events: committed.length, ...errorFields(error) });
  } finally {
    clearTimeout(timer);
  }
}
