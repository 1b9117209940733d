import type { GroupId, OrgId } from "../../shared/contract/ids.ts";
import { each } from "../../shared/core/each.ts";
import type { Deps } from "../../shared/ports.ts";
import { deliverAll } from "./deliver.ts";
import { flushGroup } from "./flush.ts";
import { remember } from "./remember.ts";
import { reviewAll } from "./review.ts";
import { endStorms } from "./storms.ts";

const PAGE = 100;
/** What is due after so many pages is left to the next tick or alarm. */
const MOST_PAGES = 20;
/** Longer than the flushes of an organisation take: who still holds it after that has died. */
const LEASE_MS = 30_000;
/** Messages that are looked at at once, and of one channel. */
const MOST_DELIVERIES = 2_000;
const MOST_OF_A_CHANNEL = 200;
/** After that long no more messages are begun: what is left is another call's. */
const SEND_FOR_MS = 20_000;

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

async function flushDue(deps: Deps): Promise<void> {
  for await (const groups of pages(deps.store.platform.alerting.flushes, deps)) {
    await each(
      Map.groupBy(groups, ({ org }) => org),
      "organisations' flushes",
      ([org, own]) => flushOrg(org, own, deps),
    );
  }
}

/** Flushes groups of an organisation, unless somebody does already, who then wakes for what he has not seen. */
async function flushOrg(org: OrgId, groups: readonly { readonly id: GroupId }[], deps: Deps): Promise<void> {
  const { store, clock, newId } = deps;
  const { leases } = store.platform;
  const [lease, owner] = [`notify-flush:${org}`, newId<string>("evt")];
  const now = clock.now();
  if (!(await leases.acquire(lease, owner, now + LEASE_MS, now))) return;
  try {
    const tenant = remember(store.forOrg(org), clock);
    await each(groups, "flushes", ({ id }) => flushGroup(id, tenant, deps));
  } finally {
    await leases.release(lease, owner);
  }
}

async function deliverDue(deps: Deps): Promise<void> {
  const { store, clock } = deps;
  const now = clock.now();
  const due = await store.platform.alerting.deliveries(now, { most: MOST_DELIVERIES, ofChannel: MOST_OF_A_CHANNEL });
  await deliverAll(due, now + SEND_FOR_MS, deps);
}

/** What is due, a page at a time, each as it is due then. */
async function* pages<Due>(read: (now: number, limit: number) => Promise<readonly Due[]>, { clock }: Deps): AsyncIterable<readonly Due[]> {
  for (let page = 0; page < MOST_PAGES; page++) {
    const due = await read(clock.now(), PAGE);
    yield due;
    if (due.length < PAGE) return;
  }
}
