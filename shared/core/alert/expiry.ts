import { missingAfter } from "./missing-data.ts";
import type { SampledRule } from "./sampled.ts";
import { thresholdWindow } from "./threshold.ts";

/**
 * The silence of a series after which its instance expires, ms: what the rule says, or as long as its condition looks back where that is
 * longer. What is missed expires so long after it was found missing. An instance that expires ends, and is not said to have recovered.
 */
export function expiresAfter(rule: SampledRule, cadence: number | null): number {
  switch (rule.kind) {
    case "threshold":
      return Math.max(rule.expireAfter, thresholdWindow(rule.condition, rule.interval, cadence));
    case "rate-of-change":
      return Math.max(rule.expireAfter, rule.condition.window);
    case "missing-data":
      return rule.expireAfter + (missingAfter(rule.condition, cadence) ?? 0);
    case "forecast":
      return Math.max(rule.expireAfter, 2 * rule.condition.horizon);
  }
}
