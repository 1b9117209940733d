import type { Actor, Alert, ConditionState, Evidence } from "../../contract/alert.ts";
import type { AlertId, InstanceId, RuleId } from "../../contract/ids.ts";
import type { Severity } from "../../contract/rule.ts";
import type { Series } from "../../contract/series.ts";

/** An episode as it is kept: what people see of it, with times in Unix ms. */
export interface AlertRecord {
  readonly id: AlertId;
  readonly instance: InstanceId;
  readonly rule: RuleId;
  readonly ruleName: string;
  readonly series: Pick<Series, "id" | "metricKey" | "dimensions">;
  readonly condition: ConditionState;
  readonly severity: Severity;
  readonly pendingAt: number | null;
  readonly startedAt: number;
  readonly resolvedAt: number | null;
  readonly reason: Alert["reason"];
  readonly value: number | null;
  /** `until`: null means to the end of the episode. */
  readonly acknowledged: { readonly by: Actor; readonly until: number | null } | null;
  readonly notificationCount: number;
  readonly lastNotifiedAt: number | null;
  readonly suppressedBy: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly evidence: Evidence;
}
