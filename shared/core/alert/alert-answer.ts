import type { Alert, Evidence } from "../../contract/alert.ts";
import type { Rule } from "../../contract/rule.ts";
import { isoTime, isoTimeOrNull } from "../../contract/time.ts";
import type { AlertFlapping, AlertRecord, InstanceRecord, Subject } from "./alert-record.ts";
import { evidenceAnswer } from "./evidence-answer.ts";
import { FLAPPING_CHANGES } from "./flapping.ts";
import { alertStatus, isAcknowledged } from "./status.ts";

/**
 * An episode as the API and every message show it, but for its annotations, which are as its rule has them.
 * @param now - Unix ms: an acknowledgement that has ended by then is not shown.
 */
export function alertAnswer(alert: AlertRecord, now: number): Alert {
  const { episode } = alert;
  const acknowledged = isAcknowledged(episode.acknowledged, now) ? episode.acknowledged : null;
  const evidence = { ...evidenceAnswer(episode.evidence), ...linkOf(episode.evidence) };
  return {
    id: alert.id,
    instanceId: alert.instance,
    ruleId: alert.rule,
    ruleName: alert.ruleName,
    series: alert.series,
    status: alertStatus(alert, now)!,
    condition: alert.condition,
    dataQuality: alert.dataQuality ?? null,
    severity: episode.severity,
    pendingAt: isoTime(episode.pendingAt),
    startedAt: isoTime(episode.startedAt),
    resolvedAt: isoTimeOrNull(episode.resolvedAt),
    reason: episode.reason,
    value: episode.value,
    firingValue: episode.firingValue,
    acknowledgedBy: acknowledged?.by ?? null,
    acknowledgedUntil: isoTimeOrNull(acknowledged?.until ?? null),
    assignee: alert.assignment?.to ?? null,
    notificationCount: alert.notificationCount,
    lastNotifiedAt: isoTimeOrNull(alert.lastNotifiedAt),
    suppressedBy: [...alert.suppressedBy],
    labels: alert.labels,
    annotations: alert.annotations,
    evidence: alert.flapping === undefined ? evidence : { ...evidence, flapping: flappingEvidence(alert.flapping) },
  };
}

/** Of an anomaly, where all that is known of it can be read, and the points around it. */
const linkOf = ({ kind, anomaly }: Evidence): Evidence =>
  kind === "anomaly" && typeof anomaly === "string" ? { link: `/api/v1/anomalies/${anomaly}` } : {};

/** Of an alert whose instance flaps, as long as it does: how many changes, and over how long, ms. */
const flappingEvidence = ({ from, since }: AlertFlapping) => ({ changes: FLAPPING_CHANGES, overMs: since - from });

/** A pending instance in the same shape: it has no episode yet. */
export function pendingAnswer(
  { id, state }: Pick<InstanceRecord, "id" | "state">,
  rule: Pick<Rule, "id" | "name" | "labels" | "annotations">,
  series: Subject | null,
): Alert {
  return {
    id: null,
    instanceId: id,
    ruleId: rule.id,
    ruleName: rule.name,
    series,
    status: "pending",
    condition: state.state,
    dataQuality: state.data,
    severity: state.severity,
    pendingAt: isoTimeOrNull(state.activeAt),
    startedAt: null,
    resolvedAt: null,
    reason: null,
    value: null,
    firingValue: null,
    acknowledgedBy: null,
    acknowledgedUntil: null,
    assignee: null,
    notificationCount: 0,
    lastNotifiedAt: null,
    suppressedBy: [],
    labels: rule.labels,
    annotations: rule.annotations,
    evidence: {},
  };
}
