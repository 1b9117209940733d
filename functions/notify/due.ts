import type { GroupId, OrgId } from "../../shared/contract/ids.ts";
import { each } from "../../shared/core/each.ts";
import type { Deps } from "../../shared/ports.ts";
import { deliverAll } from "./deliver.ts";
import { flushGroup } from "./flush.ts";
import { reviewAll } from "./review.ts";
import { endStorms } from "./storms.ts";

const PAGE = 100;
/** What is due after so many pages is left to the next tick or alarm. */
const MOST_PAGES = 20;

/**
 * Flushes the groups and sends the deliveries that are due, whoever left them, and asks to be woken for the next.
 * @throws AggregateError what failed, once everything else is done.
 */
export async function workOffDue(deps: Deps): Promise<void> {
  // The review first, since it has groups flushed.
  await each([reviewAll, flushDue, endStorms, deliverDue], "parts of what is due", (part) => part(deps));
  // What failed is still due, and would ring at once: it is left to the next tick.
  const next = await deps.store.platform.alerting.nextAt();
  if (next !== null) await deps.alarm.wakeAt(next);
}

const flushDue = (deps: Deps): Promise<void> =>
  each(dueGroups(deps), "flushes", async ({ org, id }) => {
    await flushGroup(org, id, deps);
  });

async function* dueGroups(deps: Deps): AsyncIterable<{ readonly org: OrgId; readonly id: GroupId }> {
  for await (const groups of pages(deps.store.platform.alerting.flushes, deps)) yield* groups;
}

const deliverDue = (deps: Deps): Promise<void> =>
  each(pages(deps.store.platform.alerting.deliveries, deps), "pages of deliveries", (deliveries) => deliverAll(deliveries, deps));

/** What is due, a page at a time, each as it is due then. */
async function* pages<Due>(read: (now: number, limit: number) => Promise<readonly Due[]>, { clock }: Deps): AsyncIterable<readonly Due[]> {
  for (let page = 0; page < MOST_PAGES; page++) {
    const due = await read(clock.now(), PAGE);
    yield due;
    if (due.length < PAGE) return;
  }
}
