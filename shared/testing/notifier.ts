import onEvent from "../../functions/notify/event.ts";
import onTick from "../../functions/notify/tick.ts";
import type { Event } from "../contract/events.ts";
import type { AlertId } from "../contract/ids.ts";
import type { DeliveryRecord } from "../ports/alerting.ts";
import { fire, storeRule } from "./alerting.ts";
import { tick } from "./evaluation.ts";
import type { Harness } from "./harness.ts";

/** What tests have the notifier do over a harness. */
export interface Notifier {
  /** Hands on what has changed. */
  hand(): Promise<void>;
  /** The minute's tick, at a time: now if none is given. */
  ring(at?: number): Promise<void>;
  /** What was to be sent, oldest first. */
  deliveries(): Promise<readonly DeliveryRecord[]>;
  /** The one delivery there is. @throws Error where there is none, or another. */
  only(): Promise<DeliveryRecord>;
  /** Fires a critical alert, which is told at once. */
  fireNow(rule?: ReturnType<typeof storeRule>, dimensions?: Record<string, string>): Promise<AlertId>;
}

/** Hands on what has changed, and has what is due by then done, as an alarm would. */
export async function handOn(harness: Harness, events: readonly Event[] = harness.committed.splice(0)): Promise<void> {
  for (const one of events) {
    const before = harness.alarms.length;
    await harness.deliver(onEvent, one);
    if (harness.alarms.slice(before).some((at) => at <= harness.clock.now())) await harness.deliver(onTick, tick(harness));
  }
}

/** @param harnessNow - The harness of the test that runs. */
export function notifierOver(harnessNow: () => Harness): Notifier {
  const hand = () => handOn(harnessNow());
  const deliveries = async () => {
    const { deps, org } = harnessNow();
    return (await deps.store.forOrg(org).deliveries.list({}, { limit: 100 })).items.toReversed();
  };
  return {
    hand,
    deliveries,
    async ring(at = harnessNow().clock.now()) {
      harnessNow().clock.set(at);
      await harnessNow().deliver(onTick, tick(harnessNow()));
    },
    async only() {
      const all = await deliveries();
      if (all.length !== 1) throw new Error(`There are ${all.length} deliveries: ${JSON.stringify(all)}`);
      return all[0]!;
    },
    async fireNow(rule = storeRule(harnessNow()), dimensions = {}) {
      const alert = await fire(harnessNow(), await rule, { severity: "critical", dimensions });
      await hand();
      return alert;
    },
  };
}
