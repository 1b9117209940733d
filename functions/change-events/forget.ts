import type { Deps } from "../../shared/ports.ts";

/** How long change events are kept. */
export const KEPT_DAYS = 400;
export const KEPT_MS = KEPT_DAYS * 86_400_000;
const A_BITE = 500;
/** What is left after so many bites is left to the next hour. */
const MOST_BITES = 100;

/** Forgets old change events, a bite at a time: others write between two of them. */
export async function forgetOldChanges({ store, clock }: Deps): Promise<void> {
  const before = clock.now() - KEPT_MS;
  for (let bite = 0; bite < MOST_BITES; bite++) {
    if ((await store.platform.changes.forget(before, A_BITE)) < A_BITE) return;
  }
}
