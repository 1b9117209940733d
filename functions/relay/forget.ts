import type { Deps } from "../../shared/ports.ts";
import type { EventContext } from "../../shared/runtime/route.ts";

/** A bus may deliver an event again for so long: until then it must be known as worked off. Pub/Sub keeps messages for seven days. */
const KEPT_MS = 8 * 86_400_000;

/** Forgets published events, the marks of those worked off, and expired answers to idempotency keys. */
export async function forgetOld({ now }: EventContext, { store }: Deps): Promise<void> {
  await store.platform.events.prune(now - KEPT_MS, now);
}
