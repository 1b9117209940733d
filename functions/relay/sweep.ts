import type { Deps } from "../../shared/ports.ts";
import type { EventContext } from "../../shared/runtime/route.ts";

const ROWS_A_PAGE = 500;
/** Younger rows are still being published by whoever wrote them. */
const LEFT_ALONE_MS = 5_000;
/** A sweep begins no further page after so long: the next minute's takes up what is left. */
const SWEEP_MS = 45_000;

/**
 * Has what is due again redelivered, and publishes what the outbox still holds; each row once a sweep. What fails holds up nothing else.
 * @throws The first failure, once everything had its turn.
 */
export async function sweepOutbox({ now }: EventContext, { store, bus, clock }: Deps): Promise<void> {
  const { events } = store.platform;
  const failures: unknown[] = [];
  const goOn = (error: unknown) => void failures.push(error);

  await bus.redeliver(await events.failuresDue(now, ROWS_A_PAGE)).catch(goOn);
  for (let after = 0; ;) {
    const rows = await events.pending({ after, limit: ROWS_A_PAGE });
    await bus.publish(rows.map(({ event }) => event).filter(({ at }) => at < now - LEFT_ALONE_MS)).catch(goOn);
    if (rows.length < ROWS_A_PAGE || clock.now() - now >= SWEEP_MS) break;
    after = rows.at(-1)!.seq;
  }
  if (failures.length > 0) throw failures[0];
}
