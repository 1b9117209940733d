import * as v from "valibot";
import { Actor } from "./actor.ts";
import { AnomalyVerdict } from "./anomaly.ts";
import { NearbyChange } from "./change-event.ts";
import { AlertId, CommentId, InstanceId, RuleId, SeriesId } from "./ids.ts";
import { Severity } from "./rule.ts";
import { Dimensions, MetricKey } from "./series.ts";
import { IsoTime } from "./time.ts";

export const AlertStatus = v.picklist(["pending", "firing", "acknowledged", "suppressed", "resolved"]);
export type AlertStatus = v.InferOutput<typeof AlertStatus>;

/** Where the condition of an instance stands. */
export const ConditionState = v.picklist(["inactive", "pending", "firing", "recovering"]);
export type ConditionState = v.InferOutput<typeof ConditionState>;

/** How good the data under a condition are: there may be too few to judge by, or none, or an evaluation that fails. */
export const DataQuality = v.picklist(["ok", "warming", "no_data", "error"]);
export type DataQuality = v.InferOutput<typeof DataQuality>;

/** Why an episode ended. `rule_changed`: its rule no longer looks at its series. */
export const ResolveReason = v.picklist([
  "recovered",
  "manual",
  "rule_deleted",
  "rule_disabled",
  "rule_changed",
  "expired",
  "corrected",
  "no_data_ok",
]);
export type ResolveReason = v.InferOutput<typeof ResolveReason>;

/** What the alert rests on, as it was when it fired: JSON-safe, no ids of other organisations. */
export const Evidence = v.record(v.string(), v.unknown());
export type Evidence = v.InferOutput<typeof Evidence>;

/** An alert of the same instance before one; the duration and the reason are null while it is open. */
export const EarlierAlert = v.strictObject({
  id: AlertId,
  startedAt: IsoTime,
  duration: v.nullable(v.string()),
  reason: v.exactOptional(v.nullable(ResolveReason)),
  /** The newest comment on it, its beginning where it is long. */
  note: v.exactOptional(v.nullable(v.string())),
  /** What people said of the anomalies of its series then. */
  feedback: v.exactOptional(v.nullable(AnomalyVerdict)),
});
export type EarlierAlert = v.InferOutput<typeof EarlierAlert>;

/** What a rule's firing alerts have more often than all series that it watches: how many of the alerts, and of the series, have it. */
export const TopDimension = v.strictObject({
  name: v.string(),
  value: v.string(),
  alerts: v.number(),
  ofAlerts: v.number(),
  series: v.number(),
  ofSeries: v.number(),
});
export type TopDimension = v.InferOutput<typeof TopDimension>;

/** What else is known around an alert. What may be left out is missing in messages from before it was known. */
export const Related = v.strictObject({
  /** Alerts in the 30 days before it: of its instance, with the newest three of them, and of all instances of its rule; a rule's newest 2,000 count. */
  earlier: v.strictObject({
    ofInstance: v.number(),
    ofRule: v.number(),
    /** Newest first. */
    newest: v.pipe(v.array(EarlierAlert), v.maxLength(3)),
  }),
  /** Alerts of its rule that fire now, and the dimensions that most of them share; null once it is resolved. */
  firing: v.nullable(
    v.strictObject({
      alerts: v.number(),
      dimensions: v.pipe(v.array(v.strictObject({ name: v.string(), value: v.string(), alerts: v.number() })), v.maxLength(3)),
    }),
  ),
  /** What tells the alerts of its rule that fire now from the rule's other series, the most telling first; none once it is resolved. */
  topDimensions: v.exactOptional(v.pipe(v.array(TopDimension), v.maxLength(3))),
  /** Changes of its time that may concern its series, the most relevant first. */
  changes: v.exactOptional(v.pipe(v.array(NearbyChange), v.maxLength(5))),
});
export type Related = v.InferOutput<typeof Related>;

/** An episode as people see it; a pending instance has `id: null` and its `instanceId`. */
export const Alert = v.strictObject({
  id: v.nullable(AlertId),
  instanceId: InstanceId,
  ruleId: RuleId,
  ruleName: v.string(),
  /** null where a rule looks at others, and not at a series. Of a group (`groupBy`) the dimensions are those it shares, and `id` is null. */
  series: v.nullable(v.strictObject({ id: v.nullable(SeriesId), metricKey: MetricKey, dimensions: Dimensions })),
  status: AlertStatus,
  condition: ConditionState,
  /** null once it is resolved. Left out in messages from before it was said. */
  dataQuality: v.exactOptional(v.nullable(DataQuality)),
  severity: Severity,
  pendingAt: v.nullable(IsoTime),
  startedAt: v.nullable(IsoTime),
  resolvedAt: v.nullable(IsoTime),
  reason: v.nullable(v.string()),
  value: v.nullable(v.number()),
  /** The value that made it fire, whatever it came to since. Left out in messages from before it was said. */
  firingValue: v.exactOptional(v.nullable(v.number())),
  acknowledgedBy: v.nullable(Actor),
  /** When it opens again by itself; null where it does not. Left out in messages from before it was said. */
  acknowledgedUntil: v.exactOptional(v.nullable(IsoTime)),
  /** Who takes care of it; in messages, as it was then. */
  assignee: v.optional(v.nullable(Actor)),
  notificationCount: v.number(),
  lastNotifiedAt: v.nullable(IsoTime),
  suppressedBy: v.array(v.string()),
  labels: v.record(v.string(), v.string()),
  /** Their placeholders filled in; the rule has them as they were written. */
  annotations: v.record(v.string(), v.string()),
  evidence: Evidence,
  /** Where one alert is read by itself, and in messages. */
  related: v.exactOptional(Related),
});
export type Alert = v.InferOutput<typeof Alert>;

/** What somebody wrote about an alert; `act` where it goes with what they did. */
export const AlertComment = v.strictObject({
  id: CommentId,
  at: IsoTime,
  actor: Actor,
  act: v.nullable(v.picklist(["acknowledged", "resolved"])),
  text: v.string(),
});
export type AlertComment = v.InferOutput<typeof AlertComment>;

/** An alert with its newest comments, oldest first. */
export const AlertWithComments = v.strictObject({ ...Alert.entries, comments: v.pipe(v.array(AlertComment), v.maxLength(100)) });
export type AlertWithComments = v.InferOutput<typeof AlertWithComments>;

/** One step of an alert's condition, or of the alert itself. `at` is the time of the evaluation or the act. */
export const AlertTransition = v.strictObject({
  kind: v.picklist(["condition", "episode"]),
  from: v.nullable(v.string()),
  to: v.string(),
  at: IsoTime,
  recordedAt: IsoTime,
  /** null for an evaluation. */
  actor: v.nullable(Actor),
  reason: v.string(),
  ruleVersion: v.number(),
});
export type AlertTransition = v.InferOutput<typeof AlertTransition>;
