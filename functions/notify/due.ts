import type { Deps } from "../../shared/ports.ts";
import { deliverAll } from "./deliver.ts";
import { flushGroup } from "./flush.ts";
import { reviewAll } from "./review.ts";

const PAGE = 100;
/** What is due after so many pages is left to the next tick or alarm. */
const MOST_PAGES = 20;

/**
 * Flushes the groups and sends the deliveries that are due, whoever left them, and asks to be woken for the next.
 * @throws AggregateError what failed, once everything else is done.
 */
export async function workOffDue(deps: Deps): Promise<void> {
  const { alerting } = deps.store.platform;
  const errors: unknown[] = [];
  // First, since it has groups flushed.
  await reviewAll(deps).catch((error: unknown) => errors.push(error));
  for (let page = 0; page < MOST_PAGES; page++) {
    const groups = await alerting.flushes(deps.clock.now(), PAGE);
    for (const { org, id } of groups) {
      try {
        await flushGroup(org, id, deps);
      } catch (error) {
        errors.push(error);
      }
    }
    if (groups.length < PAGE) break;
  }
  for (let page = 0; page < MOST_PAGES; page++) {
    const deliveries = await alerting.deliveries(deps.clock.now(), PAGE);
    try {
      await deliverAll(deliveries, deps);
    } catch (error) {
      errors.push(error);
    }
    if (deliveries.length < PAGE) break;
  }
  // What failed is still due, and would ring at once: it is left to the next tick.
  if (errors.length > 0) throw new AggregateError(errors, "Not everything that was due could be worked off", { cause: errors[0] });
  const next = await alerting.nextAt();
  if (next !== null) await deps.alarm.wakeAt(next);
}
