import type { TimedCondition } from "./evaluate.ts";
import { missingAfter } from "./missing-data.ts";
import { thresholdWindow } from "./threshold.ts";

/** A series that is silent for so long has expired: its instance ends, and it is not said to have recovered. */
const EXPIRES_MS = 86_400_000;

/**
 * The silence of a series after which its instance expires, ms: a day, or as long as a condition looks back where that is longer. What
 * is missed expires a day after it was found missing.
 */
export function expiresAfter(rule: TimedCondition & { readonly interval: number }, cadence: number | null): number {
  switch (rule.kind) {
    case "threshold":
      return Math.max(EXPIRES_MS, thresholdWindow(rule.condition, rule.interval, cadence));
    case "rate-of-change":
      return Math.max(EXPIRES_MS, rule.condition.window);
    case "missing-data":
      return EXPIRES_MS + (missingAfter(rule.condition, cadence) ?? 0);
    case "forecast":
      return Math.max(EXPIRES_MS, 2 * rule.condition.horizon);
    case "composite":
      return Infinity;
  }
}
