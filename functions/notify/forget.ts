import type { Deps } from "../../shared/ports.ts";

const DAY_MS = 86_400_000;
/** How long deliveries are kept, with their attempts; those of an open alert stay for as long as it is. */
const KEPT_MS = 90 * DAY_MS;
const A_BITE = 500;
/** What is left after so many bites is left to the next hour. */
const MOST_BITES = 100;

/** Forgets deliveries that were done long ago, a bite at a time: others write between two of them. */
export async function forgetOldDeliveries({ store, clock }: Deps): Promise<void> {
  const before = clock.now() - KEPT_MS;
  for (let bite = 0; bite < MOST_BITES; bite++) {
    if ((await store.platform.alerting.forgetDeliveries(before, A_BITE)) < A_BITE) return;
  }
}
