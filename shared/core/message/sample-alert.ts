import type { Alert } from "../../contract/alert.ts";
import type { InstanceId, SeriesId } from "../../contract/ids.ts";
import type { Rule } from "../../contract/rule.ts";
import { isoTime } from "../../contract/time.ts";
import { numberOf } from "./evidence-lines.ts";

const LASTED_MS = 5 * 60_000;

/**
 * An alert that a rule might have, made up from nothing but the rule: of the series that its matchers name, at its threshold, five minutes old.
 * @param now - Unix ms.
 */
export function sampleAlert({ id, name, kind, condition, severity, labels, annotations, ...rule }: Rule, now: number): Alert {
  const selector = "selector" in rule ? rule.selector : { metricKey: "metric", matchers: [] };
  const named = selector.matchers.filter(({ op }) => op === "=");
  const { value: level, ...compared }: Readonly<Record<string, unknown>> = condition;
  const value = numberOf(level);
  const startedAt = isoTime(now - LASTED_MS);
  return {
    id: null,
    instanceId: "ins_sample" as InstanceId,
    ruleId: id,
    ruleName: name,
    series: {
      id: "ser_sample" as SeriesId,
      metricKey: selector.metricKey,
      dimensions: Object.fromEntries(named.map((matcher) => [matcher.name, matcher.value])),
    },
    status: "firing",
    condition: "firing",
    severity,
    pendingAt: startedAt,
    startedAt,
    resolvedAt: null,
    reason: null,
    value,
    acknowledgedBy: null,
    acknowledgedUntil: null,
    notificationCount: 0,
    lastNotifiedAt: null,
    suppressedBy: [],
    labels,
    annotations,
    evidence: { ...compared, kind, ...(value === null ? {} : { threshold: value, value }) },
  };
}
