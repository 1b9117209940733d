import type { Alert } from "../contract/alert.ts";
import type { AlertId, GroupId, InstanceId, RuleId, SeriesId } from "../contract/ids.ts";
import { hashId } from "../core/hash-id.ts";
import type { Notification } from "../core/message/alert-message.ts";

/** The n-th of some alerts about the CPU of hosts. */
export const alert = (n: number, changes: Partial<Alert> = {}): Alert => ({
  id: hashId<AlertId>("alt", [n]),
  instanceId: hashId<InstanceId>("ins", [n]),
  ruleId: hashId<RuleId>("rul", [1]),
  ruleName: "CPU is high",
  series: { id: hashId<SeriesId>("ser", [n]), metricKey: "cpu", dimensions: { host: `h${n}` } },
  status: "firing",
  condition: "firing",
  severity: "warning",
  pendingAt: null,
  startedAt: "2026-11-20T10:00:00.000Z",
  resolvedAt: null,
  reason: null,
  value: 97.5,
  acknowledgedBy: null,
  acknowledgedUntil: null,
  notificationCount: 0,
  lastNotifiedAt: null,
  suppressedBy: [],
  labels: {},
  annotations: {},
  evidence: { kind: "threshold", aggregate: "last", window: 60_000, operator: "gt", threshold: 90, recover: null, value: 95 },
  ...changes,
});
/** What a rule may say of where to look, and what a message makes of it. */
export const linked = { annotations: { runbook_url: "https://wiki.example/cpu", dashboard_url: "https://grafana.example/d/cpu?a=1&b=2" } };
/** The group of every notification. */
export const groupKey = hashId<GroupId>("grp", [1]);
/** What a channel is told of alerts. */
export const notification = (alerts: readonly Alert[], changes: Partial<Notification> = {}): Notification => ({
  kind: "firing",
  reason: "first",
  at: Date.UTC(2026, 10, 20, 10, 5),
  groupKey,
  alerts,
  ...changes,
});
