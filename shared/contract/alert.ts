import * as v from "valibot";
import { Actor } from "./actor.ts";
import { AlertId, InstanceId, RuleId, SeriesId } from "./ids.ts";
import { Severity } from "./rule.ts";
import { Dimensions, MetricKey } from "./series.ts";
import { IsoTime } from "./time.ts";

export const AlertStatus = v.picklist(["pending", "firing", "acknowledged", "suppressed", "resolved"]);
export type AlertStatus = v.InferOutput<typeof AlertStatus>;

/** Where the condition of an instance stands. */
export const ConditionState = v.picklist(["inactive", "pending", "firing", "recovering"]);
export type ConditionState = v.InferOutput<typeof ConditionState>;

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

/** What else is known around an alert. */
export const Related = v.strictObject({
  /** Alerts in the 30 days before it: of its instance, with the newest three of them, and of all instances of its rule; a rule's newest 2,000 count. */
  earlier: v.strictObject({
    ofInstance: v.number(),
    ofRule: v.number(),
    /** Newest first; the duration is null while it is open. */
    newest: v.pipe(v.array(v.strictObject({ id: AlertId, startedAt: IsoTime, duration: v.nullable(v.string()) })), v.maxLength(3)),
  }),
  /** Alerts of its rule that fire now, and the dimensions that most of them share; null once it is resolved. */
  firing: v.nullable(
    v.strictObject({
      alerts: v.number(),
      dimensions: v.pipe(v.array(v.strictObject({ name: v.string(), value: v.string(), alerts: v.number() })), v.maxLength(3)),
    }),
  ),
});
export type Related = v.InferOutput<typeof Related>;

/** An episode as people see it; a pending instance has `id: null` and its `instanceId`. */
export const Alert = v.strictObject({
  id: v.nullable(AlertId),
  instanceId: InstanceId,
  ruleId: RuleId,
  ruleName: v.string(),
  series: v.strictObject({ id: SeriesId, metricKey: MetricKey, dimensions: Dimensions }),
  status: AlertStatus,
  condition: ConditionState,
  severity: Severity,
  pendingAt: v.nullable(IsoTime),
  startedAt: v.nullable(IsoTime),
  resolvedAt: v.nullable(IsoTime),
  reason: v.nullable(v.string()),
  value: v.nullable(v.number()),
  acknowledgedBy: v.nullable(Actor),
  notificationCount: v.number(),
  lastNotifiedAt: v.nullable(IsoTime),
  suppressedBy: v.array(v.string()),
  labels: v.record(v.string(), v.string()),
  annotations: v.record(v.string(), v.string()),
  evidence: Evidence,
  /** Where one alert is read by itself, and in messages. */
  related: v.exactOptional(Related),
});
export type Alert = v.InferOutput<typeof Alert>;
