import type { Deps } from "../../shared/ports.ts";
import { deliver } from "./deliver.ts";
import { flushGroup } from "./flush.ts";

const PAGE = 100;
/** Receivers that are slow hold up only so many others. */
const AT_ONCE = 8;
/** What is due after so many pages is left to the next tick or alarm. */
const MOST_PAGES = 20;

/** Flushes the groups and sends the deliveries that are due, whoever left them, and asks to be woken for the next. */
export async function workOffDue(deps: Deps): Promise<void> {
  const { alerting } = deps.store.platform;
  for (let page = 0; page < MOST_PAGES; page++) {
    const groups = await alerting.flushes(deps.clock.now(), PAGE);
    for (const { org, id } of groups) await flushGroup(org, id, deps);
    if (groups.length < PAGE) break;
  }
  for (let page = 0; page < MOST_PAGES; page++) {
    const deliveries = await alerting.deliveries(deps.clock.now(), PAGE);
    for (let start = 0; start < deliveries.length; start += AT_ONCE) {
      await Promise.all(deliveries.slice(start, start + AT_ONCE).map(({ org, id }) => deliver(org, id, deps)));
    }
    if (deliveries.length < PAGE) break;
  }
  const next = await alerting.nextAt();
  if (next !== null) await deps.alarm.wakeAt(next);
}
