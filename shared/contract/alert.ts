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
});
export type Alert = v.InferOutput<typeof Alert>;
