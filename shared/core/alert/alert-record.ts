import type { Actor } from "../../contract/actor.ts";
import type { ConditionState, DataQuality } from "../../contract/alert.ts";
import type { AlertId, InstanceId, RuleId, SeriesId } from "../../contract/ids.ts";
import type { Rule } from "../../contract/rule.ts";
import type { Series } from "../../contract/series.ts";
import type { Flapping } from "./flapping.ts";
import { newInstance } from "./step.ts";
import type { Episode, Instance, Transition } from "./step.ts";

/** One series that an instance watches. */
export type WatchedSeries = Pick<Series, "id" | "metricKey" | "dimensions">;

/** What an instance watches: a series, or the group of those that share some dimensions, which has no id. */
export interface Subject extends Omit<WatchedSeries, "id"> {
  readonly id: SeriesId | null;
}

export const isSeries = (subject: Subject | null): subject is WatchedSeries => subject !== null && subject.id !== null;

/** Who takes care of an alert, and who said so. */
export interface Assignment {
  readonly to: Actor;
  readonly by: Actor;
  readonly at: number;
}

/** How the instance of an alert flaps. Times in Unix ms. */
export interface AlertFlapping extends Pick<Flapping, "from" | "since"> {
  /** Whether it is the one that people are told of. */
  readonly isBegun: boolean;
}

/** An episode with what people need to know of its rule and its series. Times in Unix ms. */
export interface AlertRecord {
  readonly id: AlertId;
  readonly instance: InstanceId;
  readonly rule: RuleId;
  readonly ruleName: string;
  /** null of a composite rule, and of what is said of a rule itself. */
  readonly series: Subject | null;
  /** Of its instance, as long as it is open; then `inactive`. */
  readonly condition: ConditionState;
  /** Of its instance, as long as it is open; left out then. */
  readonly dataQuality?: DataQuality;
  readonly episode: Episode;
  readonly notificationCount: number;
  readonly lastNotifiedAt: number | null;
  readonly suppressedBy: readonly string[];
  readonly assignment: Assignment | null;
  /** How its instance flaps: of what is open, or ended meanwhile; left out where it does not. */
  readonly flapping?: AlertFlapping;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What an evaluation writes of it: the rest belongs to notification and to people. */
export type AlertWrite = Omit<
  AlertRecord,
  "notificationCount" | "lastNotifiedAt" | "suppressedBy" | "assignment" | "flapping" | "dataQuality"
>;

/** An instance as it is stored. */
export interface InstanceRecord {
  readonly id: InstanceId;
  readonly rule: RuleId;
  /** null where it does not watch one series: that of a group, or of a composite rule. */
  readonly series: SeriesId | null;
  /** As it was loaded, 0 when it was not stored yet: what a write compares with. The write adds one. */
  readonly version: number;
  readonly state: Instance;
}

/** What an instance needs to be evaluated on. Times in Unix ms. */
export interface Pace {
  /** See Watch. */
  readonly checkpoints: readonly Instance[];
  /** When it is to be looked at again though no point has come in; null where nothing would change. */
  readonly dueAt: number | null;
}

/** An instance as it is loaded to be evaluated. */
export type WatchRecord = InstanceRecord & Pace;

/** An instance that was never evaluated, and is not stored yet. */
export const newWatchRecord = (
  id: InstanceId,
  { id: rule, severity }: Pick<Rule, "id" | "severity">,
  series: SeriesId | null,
): WatchRecord => ({ id, rule, series, version: 0, state: newInstance(id, severity), checkpoints: [], dueAt: null });

/** One instance after an evaluation or an act of a person, with what that changed. */
export interface InstanceChange {
  /** The loaded id and version with the state to store. */
  readonly instance: InstanceRecord;
  /** What it watches; left out where it is stored so already. */
  readonly of?: Subject | null;
  /** Episodes to insert or to write over. Each that has a transition makes one `alert.changed`. */
  readonly alerts: readonly AlertWrite[];
  readonly transitions: readonly Transition[];
  /** Left out, as of an act: it is looked at at once, and points that come late do not lead back before now. */
  readonly pace?: Pace;
  /** The instance is forgotten by this write, because its series has expired. */
  readonly forget?: boolean;
}

/**
 * What there is to store of an instance that has moved on.
 *
 * @param loaded - The instance as it was loaded; a new one at version 0.
 * @param after - The last state of step(), acknowledge() and the others.
 * @param transitions - All that led there, oldest first.
 * @returns The change; it writes the open episode only where that differs from the loaded one.
 */
export function instanceChange(
  loaded: InstanceRecord,
  { after, transitions }: { readonly after: Instance; readonly transitions: readonly Transition[] },
  { id: rule, name: ruleName, labels, annotations }: Pick<Rule, "id" | "name" | "labels" | "annotations">,
  series: Subject | null,
): InstanceChange {
  const episodes = new Map<AlertId, Episode>();
  for (const transition of transitions) {
    if (transition.kind === "episode") episodes.set(transition.episode.id, transition.episode);
  }
  const { episode: open, state } = after;
  if (open !== null) {
    const same = loaded.state.state === state && JSON.stringify(loaded.state.episode) === JSON.stringify(open);
    if (!same || episodes.has(open.id)) episodes.set(open.id, open);
  }
  const alerts = [...episodes.values()].map((episode): AlertWrite => ({
    id: episode.id,
    instance: loaded.id,
    rule,
    ruleName,
    series,
    condition: episode.resolvedAt === null ? state : "inactive",
    episode,
    labels,
    annotations,
  }));
  return { instance: { ...loaded, state: after }, of: series, alerts, transitions };
}
