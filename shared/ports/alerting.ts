import type { Actor } from "../contract/actor.ts";
import type { AlertComment, AlertStatus, AlertTransition, ConditionState, DataQuality } from "../contract/alert.ts";
import type { ChannelKind, DeliveryStatus } from "../contract/channel.ts";
import type { AlertId, ChannelId, DeliveryId, GroupId, InstanceId, RuleId, SeriesId } from "../contract/ids.ts";
import type { Page, PageQuery } from "../contract/page.ts";
import type { Rule, Severity } from "../contract/rule.ts";
import type { AlertRecord, Assignment, InstanceChange, InstanceRecord, Subject, WatchRecord } from "../core/alert/alert-record.ts";
import type { PastCondition } from "../core/alert/composite.ts";
import type { RecordedTransition } from "../core/alert/correction.ts";
import type { Episode } from "../core/alert/step.ts";
import type { GroupState } from "../core/alert/group.ts";
import type { FiredAlert } from "../core/alert/past-suppression.ts";
import type { PastEpisode } from "../core/alert/related.ts";
import type { FiringDimensions, WatchedDimensions } from "../core/alert/top-dimensions.ts";
import type { Labelled, Labels } from "../core/alert/policies.ts";
import type { TimeWindow } from "../core/time-windows.ts";
import type { Notification } from "../core/message/alert-message.ts";
import type { StormRecord } from "./storms.ts";

// Writes that may lose against another process answer false, and then nothing of them is written: load again, decide again.
// Times are Unix ms.

/** Rules an organisation may have. */
export const MAX_RULES = 10_000;
/** Channels an organisation may have. */
export const MAX_CHANNELS = 100;
/** Open episodes of an organisation that inhibitions look through, and that are shown as hidden. */
export const MAX_OPEN_ALERTS = 10_000;

/** Episodes of a rule that are looked through for those like another. */
export const MAX_EARLIER = 2_000;

/** The rules of an organisation. Each version is kept, with who wrote it. */
export interface RulesStore {
  get(id: RuleId): Promise<Rule | null>;
  /** By id, so oldest first. */
  list(page: PageQuery): Promise<Page<Rule>>;
  /** Every enabled rule: at most MAX_RULES. The same array as long as no rule has changed. */
  enabled(): Promise<readonly Rule[]>;
  /** Those enabled ones that are new or changed, whose series are still to be gone through: at most `limit`, by id. */
  unseen(limit: number): Promise<readonly Rule[]>;
  /** False when the organisation has MAX_RULES already. */
  insert(rule: Rule, actor?: Actor | null): Promise<boolean>;
  /** Writes a rule over its version before (`rule.version - 1`), with what the change ends. */
  replace(rule: Rule, endings: RuleEndings, actor?: Actor | null): Promise<boolean>;
  /** Deletes a rule at a version, with everything that it has open. Its past episodes stay. */
  remove(id: RuleId, version: number, endings: Omit<RuleEndings, "keeps">, actor?: Actor | null): Promise<boolean>;
}

/** What a change of a rule ends, in the batch of the change. */
export interface RuleEndings {
  /** Instances that end: each with its episode as it ended. False is answered when one of them has moved meanwhile. */
  readonly changes: readonly InstanceChange[];
  /** The instances that stay; the others are forgotten, and false is answered when one of them has an open episode after all. */
  readonly keeps: "all" | readonly InstanceId[];
  readonly at: number;
}

/** An instance with what it watches. */
export interface InstanceOfSubject extends WatchRecord {
  readonly of: Subject | null;
}

/** The instances of an organisation's rules. */
export interface InstancesStore {
  getMany(ids: readonly InstanceId[]): Promise<readonly WatchRecord[]>;
  /** By the rule and the series. */
  find(rule: RuleId, series: SeriesId): Promise<InstanceRecord | null>;
  /** Every instance of a rule: at most MOST_INSTANCES, and those that tell of the rule itself. */
  ofRule(rule: RuleId): Promise<readonly InstanceOfSubject[]>;
  /** Instances whose condition is pending, by id. */
  pending(filter: AlertFilter, page: PageQuery): Promise<Page<PendingInstance>>;
  /** How many each of some rules has; those that have none are missing. */
  counts(rules: readonly RuleId[]): Promise<ReadonlyMap<RuleId, number>>;
  /**
   * The condition and the quality of the data of every instance of some rules, and what the condition was before its changes after a time.
   */
  conditions(
    rules: readonly RuleId[],
    after: number,
  ): Promise<
    readonly {
      readonly rule: RuleId;
      readonly state: ConditionState;
      readonly data: DataQuality;
      /** Oldest first. */
      readonly changes: readonly PastCondition[];
    }[]
  >;
  /** Has the instances of some rules over a series looked at at a time, Unix ms, unless they are before. */
  wake(rules: readonly RuleId[], series: SeriesId, at: number): Promise<void>;
  /** Those that are due, most overdue first. */
  due(now: number, limit: number): Promise<readonly InstanceOfSubject[]>;
  /** What is stored of each of some instances since a time of its own: episodes that were open then or began after it, and transitions. */
  since(
    instances: readonly { readonly id: InstanceId; readonly at: number }[],
  ): Promise<ReadonlyMap<InstanceId, { readonly episodes: readonly Episode[]; readonly transitions: readonly RecordedTransition[] }>>;
  /**
   * Makes evaluations of one rule durable, whole or not at all. False when the rule is no longer enabled at this version, when one of
   * the instances has moved since it was loaded, or when it would be more than the rule may have.
   */
  commit(evaluation: {
    readonly rule: Pick<Rule, "id" | "version">;
    readonly changes: readonly InstanceChange[];
    /** When it is recorded. */
    readonly at: number;
    /** What somebody wrote who made the change. */
    readonly comment?: CommentRecord | undefined;
  }): Promise<boolean>;
  /**
   * As commit, of several rules, with the write log's cursor, in one batch. False also when the cursor has moved meanwhile.
   * @param pass.seen - Rules whose series have been gone through.
   */
  commitPass(pass: {
    readonly evaluations: readonly { readonly rule: Pick<Rule, "id" | "version">; readonly changes: readonly InstanceChange[] }[];
    readonly cursor: { readonly from: number; readonly to: number };
    readonly seen: readonly Pick<Rule, "id" | "version">[];
    readonly at: number;
  }): Promise<boolean>;
}

/** An instance that waits, with its series and its rule. */
export interface PendingInstance extends InstanceOfSubject {
  readonly parent: Rule;
}

/** What is left out matches everything. */
export interface AlertFilter {
  readonly status?: readonly Exclude<AlertStatus, "pending">[] | undefined;
  readonly rule?: RuleId | undefined;
  readonly series?: SeriesId | undefined;
  readonly severity?: Severity | undefined;
  readonly metricKey?: string | undefined;
  /** An actor's id or name; null for alerts that nobody takes care of. */
  readonly assignee?: string | null | undefined;
  /** When they began, from inclusive, to exclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** What no query can say. */
  readonly matches?: ((alert: AlertRecord) => boolean) | undefined;
}

/** Comments that an alert may have. */
export const MAX_COMMENTS = 1_000;

/** What somebody wrote about an alert. */
export interface CommentRecord extends Omit<AlertComment, "at"> {
  readonly alert: AlertId;
  readonly at: number;
}

/** One row of an alert's history. */
export interface TransitionRecord extends Omit<AlertTransition, "at" | "recordedAt"> {
  readonly seq: number;
  readonly at: number;
  readonly recordedAt: number;
}

/** The episodes of an organisation. */
export interface AlertsStore {
  get(id: AlertId): Promise<AlertRecord | null>;
  getMany(ids: readonly AlertId[]): Promise<readonly AlertRecord[]>;
  /**
   * Newest start first. `now` decides which acknowledgements have run out. Where `matches` is given, a page may hold fewer than its limit
   * although others follow.
   */
  list(filter: AlertFilter, page: PageQuery, now: number): Promise<Page<AlertRecord>>;
  /** Every open episode of a rule: at most MOST_INSTANCES, and those of the rule itself. */
  openOfRule(rule: RuleId): Promise<readonly AlertRecord[]>;
  /** The open episodes of some instances. */
  openOfInstances(instances: readonly InstanceId[]): Promise<readonly AlertId[]>;
  /** The episodes of a rule that started in [from, to), newest first, at most MAX_EARLIER. */
  startedOfRule(rule: RuleId, window: { from: number; to: number }): Promise<readonly PastEpisode[]>;
  /**
   * How many episodes of a rule are open, and how many of them have each dimension, those that most have first; at most `limit` dimensions.
   */
  openDimensions(rule: RuleId, limit: number): Promise<FiringDimensions>;
  /** How many series a rule watches, and how many of them have each of some dimensions; those that none has are missing. */
  watchedDimensions(rule: RuleId, dimensions: readonly { readonly name: string; readonly value: string }[]): Promise<WatchedDimensions>;
  /** Every open episode, by id, as matchers look at it: at most MAX_OPEN_ALERTS. */
  open(): Promise<readonly OpenAlert[]>;
  /** Episodes that fired at any time of a window and began at most FIRED_BEFORE_MS before it, newest first: at most MAX_OPEN_ALERTS. */
  firedDuring(window: TimeWindow): Promise<readonly FiredAlert[]>;
  /**
   * Writes down what hides each of some alerts. The groups of those that nothing hides any more are flushed now.
   * @param of.except - A group that has been flushed in the knowledge of it.
   */
  suppress(changes: readonly Pick<OpenAlert, "id" | "suppressedBy">[], of: { at: number; except: GroupId | null }): Promise<void>;
  /** Has somebody take care of an alert, or nobody; false when there is no such alert. */
  assign(id: AlertId, assignment: Assignment | null): Promise<boolean>;
  /** False when there is no such alert, or it has MAX_COMMENTS. */
  comment(comment: CommentRecord): Promise<boolean>;
  /** Oldest first. */
  comments(alert: AlertId, page: PageQuery): Promise<Page<CommentRecord>>;
  /** The newest, oldest of them first. */
  newestComments(alert: AlertId, limit: number): Promise<readonly CommentRecord[]>;
  /** The text of the newest comment on each of some alerts; those without one are missing. */
  newestNotes(alerts: readonly AlertId[]): Promise<ReadonlyMap<AlertId, string>>;
  /** Of an alert and, for as long as it lasted, of its condition; by time. */
  transitions(alert: AlertRecord, page: PageQuery): Promise<Page<TransitionRecord>>;
}

/** An open episode as matchers look at it. */
export interface OpenAlert extends Labelled {
  readonly suppressedBy: readonly string[];
  /** Whether its instance flaps. */
  readonly isFlapping: boolean;
}

/** A group as it is stored. */
export interface GroupRecord {
  readonly id: GroupId;
  /** The key of its route, which may be no longer. */
  readonly route: string;
  /** What its alerts share: the values of the route's `groupBy`. */
  readonly labels: Labels;
  /** As it was loaded, 0 when it was not stored yet: what a write compares with. The write adds one. */
  readonly version: number;
  /** Its `nextFlushAt` is what makes it due. */
  readonly state: GroupState;
}

/** The groups that an organisation's alerts are told in. */
export interface GroupsStore {
  get(id: GroupId): Promise<GroupRecord | null>;
  /** The groups that any of some alerts is in. */
  ofAlerts(alerts: readonly AlertId[]): Promise<readonly GroupRecord[]>;
  /**
   * Writes a group with what a flush of it sends, whole or not at all. Deliveries that are there already are left alone; each episode in
   * `notified` counts one notification more, at `at`.
   */
  save(flush: {
    readonly group: GroupRecord;
    readonly deliveries: readonly NewDelivery[];
    readonly notified: readonly AlertId[];
    /** What is kept of the channels that are told, or that are not because there was too much. */
    readonly storms?: readonly StormRecord[];
    readonly at: number;
  }): Promise<boolean>;
  /** Writes several groups, whole or not at all. */
  saveAll(groups: readonly GroupRecord[]): Promise<boolean>;
  /** Has every group that waits for its next interval flushed now, because what decides about it has changed. */
  wakeAll(at: number): Promise<void>;
}

/** A message for a channel, before its first attempt. */
export interface NewDelivery {
  /** The notification key: the same message is never stored twice. */
  readonly id: DeliveryId;
  readonly channel: ChannelId;
  /** null for a test. */
  readonly group: GroupId | null;
  readonly kind: Notification["kind"];
  readonly alerts: readonly AlertId[];
  /** What the message says, before it is rendered for its channel. */
  readonly payload: Notification;
  readonly nextAttemptAt: number;
}

/** A message for a channel, and how its sending goes. */
export interface DeliveryRecord extends Omit<NewDelivery, "nextAttemptAt"> {
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** How often it was dead and sent again by hand. */
  readonly replays: number;
  readonly createdAt: number;
  /** While it is being sent: when its lease runs out. null once it is done. */
  readonly nextAttemptAt: number | null;
  readonly deliveredAt: number | null;
  /** The HTTP status of the last attempt; null when there was no answer. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

/** A firing without what it says of its alerts, of which there may be thousands. */
export type FiringRecord = Omit<DeliveryRecord, "payload"> & { readonly payload: Pick<Notification, "takenOver"> };

/** Attempts of a delivery that are shown. */
export const MAX_ATTEMPTS_SHOWN = 100;

/** One attempt at a delivery. */
export interface AttemptRecord {
  /** How often the delivery had been sent again by hand; the attempts are counted anew each time. */
  readonly replay: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly at: number;
  /** null while it lasts, and for ever where its sender died. */
  readonly durationMs: number | null;
  readonly status: number | null;
  readonly error: string | null;
  /** The beginning of what the receiver answered, without secrets. */
  readonly answer: string | null;
}

/** What an attempt leaves beside its outcome. */
export interface AttemptEnd {
  /** When it ended; null where nobody knows. */
  readonly at: number | null;
  readonly answer?: string | null;
  /** The messages for the channel that is told instead: stored if, and only if, this attempt is the one that ends its delivery. */
  readonly fallback?: readonly NewDelivery[];
}

/** How an attempt ended. `postponed`: it was not made, and does not count. */
export type AttemptOutcome =
  | { readonly status: "delivered"; readonly at: number; readonly lastStatus: number | null }
  | { readonly status: "retry"; readonly at: number; readonly lastStatus: number | null; readonly lastError: string }
  | { readonly status: "postponed"; readonly at: number }
  | { readonly status: "dead"; readonly lastStatus: number | null; readonly lastError: string };

/** The messages of an organisation, one row a channel. */
export interface DeliveriesStore {
  get(id: DeliveryId): Promise<DeliveryRecord | null>;
  /** Newest first. */
  list(filter: { status?: DeliveryStatus | undefined; channel?: ChannelId | undefined }, page: PageQuery): Promise<Page<DeliveryRecord>>;
  insert(delivery: NewDelivery, at: number): Promise<DeliveryRecord>;
  /** Takes a delivery that is due, and counts an attempt. null when it is not due, done, or somebody else's until later. */
  lease(id: DeliveryId, owner: string, until: number, now: number): Promise<DeliveryRecord | null>;
  /** Ends the attempt of an owner; false when the lease has passed on to another. */
  finish(id: DeliveryId, owner: string, outcome: AttemptOutcome, end?: AttemptEnd): Promise<boolean>;
  /** Newest first, at most MAX_ATTEMPTS_SHOWN. */
  attempts(id: DeliveryId): Promise<readonly AttemptRecord[]>;
  /**
   * Makes a dead delivery due again, with all its attempts before it; of a firing, also the resolves that died with the error `waited`,
   * because it had not got through. False when it is not dead, or died with the error `unless`.
   */
  replay(id: DeliveryId, errors: { readonly unless: string; readonly waited: string }, now: number): Promise<boolean>;
  /** The firings about any of its alerts that were made for its channel before it, newest first, whatever became of them; at most 100. */
  firingsBefore(delivery: Pick<DeliveryRecord, "id" | "channel" | "alerts" | "createdAt">): Promise<readonly FiringRecord[]>;
  /** Those of some alerts that a channel was told of, as firing, by a message that says what was later than a time, Unix ms. */
  toldSince(channel: ChannelId, alerts: readonly AlertId[], at: number): Promise<ReadonlySet<AlertId>>;
  /**
   * Takes alerts out of a firing that nobody is sending, because another message tells of them; it ends where that leaves none. False when it
   * is being sent, or done.
   */
  takeOver(id: DeliveryId, alerts: readonly AlertId[], reason: string): Promise<boolean>;
}

/** A channel as it is stored. `sealed` opens with `openConfig`. */
export interface ChannelRecord {
  readonly id: ChannelId;
  /** Grows with each change. */
  readonly version: number;
  readonly name: string;
  readonly kind: ChannelKind;
  /** What may be shown of the configuration. */
  readonly shown: Readonly<Record<string, string>>;
  /** The configuration, sealed. */
  readonly sealed: string;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  /** Who is told instead when a message is dead. */
  readonly fallback: ChannelId | null;
  /** New alerts that it is told of within the window of a storm, at most. */
  readonly stormLimit: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The channels of an organisation. Each version is kept, with who wrote it. */
export interface ChannelsStore {
  get(id: ChannelId): Promise<ChannelRecord | null>;
  /** By id, so oldest first. */
  list(page: PageQuery): Promise<Page<ChannelRecord>>;
  /**
   * Every channel that messages are made for, at most MAX_CHANNELS: the enabled ones, and those whose receiver is gone but whose fallback
   * is told.
   */
  enabled(): Promise<readonly ChannelRecord[]>;
  /** False when the organisation has MAX_CHANNELS already. */
  insert(channel: ChannelRecord, actor?: Actor | null): Promise<boolean>;
  /** Writes a channel over its version before (`channel.version - 1`). */
  replace(channel: ChannelRecord, actor?: Actor | null): Promise<boolean>;
  /** Deletes a channel; what was still to be sent on it is dead. False when there is none. */
  remove(id: ChannelId, version: number, by?: { readonly actor: Actor | null; readonly at: number }): Promise<boolean>;
  /** Takes a channel out of use, because its receiver is gone. */
  disable(id: ChannelId, reason: string, at: number): Promise<void>;
  /**
   * Asks for the turn of a message on a channel that takes one every `gapMs`, whoever sends it.
   * @returns null when it is its turn now; or when to ask again, at most `mostMs` from now: the waiting are given one time each.
   */
  takeTurn(id: ChannelId, pace: { readonly gapMs: number; readonly mostMs: number; readonly now: number }): Promise<number | null>;
}
