import * as v from "valibot";
import { atLeast, atMost } from "../../shared/contract/time.ts";
import { parseTestDuration } from "./notation.ts";

const TestDuration = v.pipe(
  v.union([v.string(), v.literal(0)], "Expected a duration such as 5m or 1h30m"),
  v.transform(String),
  v.check((text) => parseTestDuration(text) !== null, "Expected a duration such as 5m or 1h30m"),
  v.transform((text) => parseTestDuration(text)!),
);
const Interval = v.pipe(TestDuration, atLeast(1_000), atMost(86_400_000));
const Labels = v.record(v.string(), v.string());
/** What YAML reads as a number is a text of one number. */
const Values = v.pipe(v.union([v.string(), v.number()]), v.transform(String));

const AlertTest = v.strictObject({
  eval_time: TestDuration,
  alertname: v.string(),
  exp_alerts: v.optional(v.nullable(v.array(v.strictObject({ exp_labels: v.optional(Labels), exp_annotations: v.optional(Labels) }))), []),
});
export type AlertTest = v.InferOutput<typeof AlertTest>;

/** A rule as POST /api/v1/rules takes it; it is parsed later, with the interval that it lacks. `alert` is another word for its name. */
const WrittenRules = v.array(v.record(v.string(), v.unknown()));
export const RuleFile = v.strictObject({
  rules: v.optional(WrittenRules, []),
  groups: v.optional(v.array(v.strictObject({ name: v.optional(v.string()), interval: v.optional(Interval), rules: WrittenRules })), []),
});
export type RuleFile = v.InferOutput<typeof RuleFile>;

/** A file of rule tests, in the format of `promtool test rules`. */
export const RuleTestFile = v.strictObject({
  rule_files: v.optional(v.array(v.string()), []),
  ...RuleFile.entries,
  evaluation_interval: v.optional(Interval, "1m"),
  tests: v.pipe(
    v.array(
      v.strictObject({
        name: v.optional(v.string()),
        interval: v.optional(Interval),
        input_series: v.optional(v.array(v.strictObject({ series: v.string(), values: Values })), []),
        alert_rule_test: v.optional(v.array(AlertTest), []),
      }),
    ),
    v.minLength(1),
  ),
});
export type RuleTestFile = v.InferOutput<typeof RuleTestFile>;
