import type { AlertId, ChannelId, GroupId } from "../../contract/ids.ts";
import { addToGroup } from "./group.ts";
import type { Change, GroupState, Timers, Told } from "./group.ts";

/** A group that an alert belongs in, in the order of its routes. */
export interface Target {
  readonly id: GroupId;
  readonly timers: Timers;
  /** Whether the group's route tells a channel. */
  readonly tells: (channel: ChannelId) => boolean;
}

/**
 * Brings a change of an alert into the groups of its routes, and takes the alert out of groups that it is in and no longer belongs in. What
 * channels were told of it there moves along, so that nobody is told twice, and whoever was told of its firing hears of its end. One that has
 * ended stays where it is. The same change again changes nothing.
 *
 * @param groups - The states of the targets and of the groups that the alert is in, by id.
 * @param now - Unix ms.
 * @returns The groups after it, and the acknowledged members of them that open again.
 */
export function placeAlert(
  groups: ReadonlyMap<GroupId, GroupState>,
  change: Change,
  targets: readonly Target[],
  now: number,
): { readonly groups: ReadonlyMap<GroupId, GroupState>; readonly reopened: readonly AlertId[] } {
  const after = new Map(groups);
  const reopened: AlertId[] = [];
  const moves = [...groups.values()].some(({ members }) => Object.hasOwn(members, change.alert));
  for (const { id, timers } of targets) {
    const before = groups.get(id)!;
    const added = addToGroup(before, change, timers, now);
    // One that only moves is no news beside which what was taken on opens again.
    const { [change.alert]: member = null } = added.group.members;
    after.set(id, moves && member !== null ? { ...added.group, members: { ...before.members, [change.alert]: member } } : added.group);
    if (!moves) reopened.push(...added.reopened);
  }
  if (change.state === "resolved") return { groups: after, reopened };

  const isTarget = new Set(targets.map(({ id }) => id));
  const told = toldOf(groups, change.alert);
  for (const [id, state] of after) if (!isTarget.has(id)) after.set(id, without(state, change.alert));
  for (const [channel, entry] of told) {
    const knowing = targets.find(({ id }) => Object.hasOwn(groups.get(id)!.told[channel]?.alerts ?? {}, change.alert));
    const owner = targets.find(({ tells }) => tells(channel)) ?? knowing ?? targets[0];
    for (const { id } of targets) {
      const state = after.get(id)!;
      after.set(id, id === owner?.id ? withTold(state, channel, change.alert, entry) : withoutTold(state, channel, change.alert));
    }
  }
  return { groups: after, reopened };
}

type ToldOfOne = Pick<Told, "at"> & { readonly severity: Told["alerts"][AlertId] };

/** What each channel was last told of an alert, in whichever group. */
function toldOf(groups: ReadonlyMap<GroupId, GroupState>, alert: AlertId): ReadonlyMap<ChannelId, ToldOfOne> {
  const told = new Map<ChannelId, ToldOfOne>();
  for (const state of groups.values()) {
    for (const [channel, { at, alerts }] of Object.entries(state.told) as [ChannelId, Told][]) {
      if (!Object.hasOwn(alerts, alert) || at <= (told.get(channel)?.at ?? -1)) continue;
      told.set(channel, { at, severity: alerts[alert]! });
    }
  }
  return told;
}

function without(state: GroupState, alert: AlertId): GroupState {
  if (!Object.hasOwn(state.members, alert)) return state;
  const { [alert]: _, ...members } = state.members;
  const told = (Object.keys(state.told) as ChannelId[]).reduce((left, channel) => withoutTold(left, channel, alert), state).told;
  return { ...state, members, told };
}

function withTold(state: GroupState, channel: ChannelId, alert: AlertId, { at, severity }: ToldOfOne): GroupState {
  const before = state.told[channel];
  if (before !== undefined && Object.hasOwn(before.alerts, alert)) return state;
  return { ...state, told: { ...state.told, [channel]: { at: before?.at ?? at, alerts: { ...before?.alerts, [alert]: severity } } } };
}

function withoutTold(state: GroupState, channel: ChannelId, alert: AlertId): GroupState {
  const before = state.told[channel];
  if (before === undefined || !Object.hasOwn(before.alerts, alert)) return state;
  const { [alert]: _, ...alerts } = before.alerts;
  return { ...state, told: { ...state.told, [channel]: { ...before, alerts } } };
}
