import type { Deps } from "../../shared/ports.ts";
import type { EventContext } from "../../shared/runtime/route.ts";

const ROWS_A_PAGE = 500;
/** Younger rows are still being published by whoever wrote them. */
const LEFT_ALONE_MS = 5_000;

/** Has what is due again redelivered, and publishes what the outbox still holds; each row once a sweep. */
export async function sweepOutbox({ now }: EventContext, { store, bus }: Deps): Promise<void> {
  const { events } = store.platform;
  await bus.redeliver(await events.failuresDue(now, ROWS_A_PAGE));
  for (let after = 0; ;) {
    const rows = await events.pending({ after, limit: ROWS_A_PAGE });
    await bus.publish(rows.map(({ event }) => event).filter(({ at }) => at < now - LEFT_ALONE_MS));
    if (rows.length < ROWS_A_PAGE) return;
    after = rows.at(-1)!.seq;
  }
}
