import type { Alert } from "../../shared/contract/alert.ts";
import type { AlertId, DeliveryId, GroupId, OrgId, RuleId } from "../../shared/contract/ids.ts";
import { Unavailable } from "../../shared/contract/problem.ts";
import { alertAnswer } from "../../shared/core/alert/alert-answer.ts";
import { decideFlush } from "../../shared/core/alert/flush.ts";
import type { FlushMessage } from "../../shared/core/alert/flush.ts";
import { deliveryId } from "../../shared/core/alert/keys.ts";
import { tellingOf } from "../../shared/core/alert/telling.ts";
import type { Notification } from "../../shared/core/message/alert-message.ts";
import type { GroupRecord, NewDelivery } from "../../shared/ports/alerting.ts";
import type { Deps } from "../../shared/ports.ts";
import { memberOf } from "./gather.ts";

/** Of a rule that is gone: what it had if nobody said otherwise. */
const DEFAULT_REPEAT_MS = 4 * 3_600_000;
/** A lost race is run again so many times before the event is left to a redelivery. */
const MOST_RACES = 5;

/**
 * Flushes a group that is due: decides what each channel is to be told, and writes that down with the group, in one batch.
 * @returns The deliveries that are to be sent now.
 */
export async function flushGroup(org: OrgId, id: GroupId, deps: Deps): Promise<readonly DeliveryId[]> {
  const tenant = deps.store.forOrg(org);
  for (let race = 0; race < MOST_RACES; race++) {
    const now = deps.clock.now();
    const group = await tenant.groups.get(id);
    if (group?.state.nextFlushAt == null || group.state.nextFlushAt > now) return [];

    const members = await tenant.alerts.getMany(Object.keys(group.state.members) as AlertId[]);
    const [first] = members;
    const repeatInterval = first === undefined ? DEFAULT_REPEAT_MS : await repeatIntervalOf(org, first.rule, deps);
    // What happened since, the group may not have heard of yet: nobody is told of what is over.
    const present = Object.fromEntries(members.map((alert) => [alert.id, memberOf(alert)]));
    const state = { ...group.state, members: { ...group.state.members, ...present } };
    const channels = (await tenant.channels.enabled()).map(({ id: channel, kind }) => ({ id: channel, ...tellingOf(kind) }));
    const { messages, group: next } = decideFlush(state, channels, now, repeatInterval);

    const answers = new Map(members.map((alert) => [alert.id, alertAnswer(alert, now)]));
    const deliveries = messages.map((message) => newDelivery(org, group, next.flushNumber, message, answers, now));
    const tell = messages.filter(({ kind, reason }) => kind === "firing" && reason !== "resend");
    const notified = [...new Set(tell.flatMap(({ alerts }) => alerts))];
    if (await tenant.groups.save({ group: { ...group, state: next }, deliveries, notified, at: now })) {
      if (next.nextFlushAt !== null) await deps.alarm.wakeAt(next.nextFlushAt);
      return deliveries.map(({ id: delivery }) => delivery);
    }
  }
  throw new Unavailable("The group is being flushed elsewhere", { retryable: true });
}

async function repeatIntervalOf(org: OrgId, rule: RuleId, { store }: Deps): Promise<number> {
  return (await store.forOrg(org).rules.get(rule))?.repeatInterval ?? DEFAULT_REPEAT_MS;
}

function newDelivery(
  org: OrgId,
  { id: group }: GroupRecord,
  flush: number,
  { channel, kind, alerts, reason }: FlushMessage,
  answers: ReadonlyMap<AlertId, Alert>,
  now: number,
): NewDelivery {
  const told = alerts.flatMap((alert) => answers.get(alert) ?? []);
  const payload: Notification = { kind, reason, at: now, groupKey: group, alerts: told, linkBase: null };
  return {
    id: deliveryId({ org, channel, group, flush, kind, members: alerts }),
    channel,
    group,
    kind,
    alerts,
    payload,
    nextAttemptAt: now,
  };
}
