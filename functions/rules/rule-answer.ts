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
  switch (rule.kind) {
    case "threshold": {
      const { window, ...condition } = rule.condition;
      return {
        ...rule,
        ...written,
        expireAfter: formatDuration(rule.expireAfter),
        condition: { ...condition, ...(window === undefined ? {} : { window: formatDuration(window) }) },
      };
    }
    case "anomaly":
    case "composite":
      return { ...rule, ...written };
    case "rate-of-change": {
      const { window } = rule.condition;
      return {
        ...rule,
        ...written,
        expireAfter: formatDuration(rule.expireAfter),
        condition: { ...rule.condition, window: formatDuration(window) },
      };
    }
    case "missing-data": {
      const { expectedInterval: expected, ...condition } = rule.condition;
      const said = expected === undefined ? {} : { expectedInterval: formatDuration(expected) };
      return { ...rule, ...written, expireAfter: formatDuration(rule.expireAfter), condition: { ...condition, ...said } };
    }
    case "forecast":
      return {
        ...rule,
        ...written,
        expireAfter: formatDuration(rule.expireAfter),
        condition: { ...rule.condition, horizon: formatDuration(rule.condition.horizon) },
      };
  }
}
