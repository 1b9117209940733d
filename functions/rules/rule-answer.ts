import type { Rule, RuleAnswer } from "../../shared/contract/rule.ts";
import { formatDuration, isoTime } from "../../shared/contract/time.ts";

/** A rule as the API shows it: durations as texts, times as ISO 8601. */
export function ruleAnswer(rule: Rule): RuleAnswer {
  const written = {
    for: formatDuration(rule.for),
    keepFiringFor: formatDuration(rule.keepFiringFor),
    interval: formatDuration(rule.interval),
    evalDelay: formatDuration(rule.evalDelay),
    repeatInterval: formatDuration(rule.repeatInterval),
    createdAt: isoTime(rule.createdAt),
    updatedAt: isoTime(rule.updatedAt),
  };
  if (rule.kind === "anomaly") return { ...rule, ...written };
  const { window, ...condition } = rule.condition;
  return { ...rule, ...written, condition: { ...condition, ...(window === undefined ? {} : { window: formatDuration(window) }) } };
}
