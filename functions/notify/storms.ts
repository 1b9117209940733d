import type { ChannelId, OrgId } from "../../shared/contract/ids.ts";
import { stormOverDeliveryId } from "../../shared/core/alert/keys.ts";
import { stormOverAt } from "../../shared/core/alert/storm.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import { each } from "../../shared/core/each.ts";
import type { NewDelivery } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";

const MOST_AT_ONCE = 1_000;

/**
 * Ends the storms that are over, and tells the channels that keep a state.
 * @throws AggregateError what failed, once all others are done.
 */
export async function endStorms(deps: Deps): Promise<void> {
  const over = await deps.store.platform.storms.over(deps.clock.now(), MOST_AT_ONCE);
  await each(over, "ends of storms", ({ org, channel }) => endStorm(org, channel, deps));
}

async function endStorm(org: OrgId, id: ChannelId, { store, clock }: Deps): Promise<void> {
  const tenant = store.forOrg(org);
  const now = clock.now();
  const [[storm], channel] = await Promise.all([tenant.storms.ofChannels([id]), tenant.channels.get(id)]);
  const overAt = storm === undefined ? null : stormOverAt(storm.state);
  if (storm === undefined || overAt === null || overAt > now) return;
  const isTold = channel !== null && tellingOf(channel.kind).isStateful === true;
  // Who loses against a flush looks again with the next tick.
  await tenant.storms.end({ ...storm, state: { ...storm.state, heldAt: null } }, isTold ? [messageOf(id, overAt, now)] : [], now);
}

const messageOf = (channel: ChannelId, overAt: number, now: number): NewDelivery => ({
  id: stormOverDeliveryId(channel, overAt),
  channel,
  group: null,
  kind: "resolved",
  alerts: [],
  payload: { kind: "resolved", reason: "storm", at: now, groupKey: null, alerts: [], storm: "over" },
  nextAttemptAt: now,
});
