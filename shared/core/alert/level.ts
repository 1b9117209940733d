import type { Operator, Severity, ThresholdCondition } from "../../contract/rule.ts";

/** What a condition compares a number with: its own value, and that of its critical level. */
export type Levels = Pick<ThresholdCondition, "operator" | "value" | "recover" | "critical">;

/** A level that a number reaches. */
export interface Level {
  readonly severity: Severity;
  readonly threshold: number;
  readonly recover: number | undefined;
}

/**
 * The most severe level that a number reaches, or still holds; null where it reaches none. The number is finite.
 * @param held.previous - The severity at which the instance fires by value, or null: what hysteresis holds on to.
 */
export function levelOf(
  condition: Levels,
  { severity, previous }: { readonly severity: Severity; readonly previous: Severity | null },
  value: number,
): Level | null {
  const { operator, critical } = condition;
  if (critical !== undefined) {
    const held = previous === "critical" && isHeld(operator, value, critical.recover);
    if (held || COMPARES[operator](value, critical.value)) {
      return { severity: "critical", threshold: critical.value, recover: critical.recover };
    }
  }
  const held = previous !== null && isHeld(operator, value, condition.recover);
  if (held || COMPARES[operator](value, condition.value)) return { severity, threshold: condition.value, recover: condition.recover };
  return null;
}

const COMPARES: Readonly<Record<Operator, (value: number, threshold: number) => boolean>> = {
  gt: (value, threshold) => value > threshold,
  gte: (value, threshold) => value >= threshold,
  lt: (value, threshold) => value < threshold,
  lte: (value, threshold) => value <= threshold,
  eq: (value, threshold) => value === threshold,
  neq: (value, threshold) => value !== threshold,
};

/** Whether a firing level goes on: above `recover` for gt and gte, below it for lt and lte. Equality has no hysteresis. */
function isHeld(operator: Operator, value: number, recover: number | undefined): boolean {
  if (recover === undefined) return false;
  if (operator === "gt" || operator === "gte") return value > recover;
  if (operator === "lt" || operator === "lte") return value < recover;
  return false;
}
