import * as v from "valibot";
import { AlertId, RuleId } from "../../shared/contract/ids.ts";

export const PreviewTemplate = v.pipe(
  v.strictObject({
    template: v.pipe(v.string(), v.maxLength(1_024)),
    alertId: v.optional(AlertId),
    ruleId: v.optional(RuleId),
  }),
  v.forward(
    v.check(({ alertId, ruleId }) => (alertId === undefined) !== (ruleId === undefined), "Expected either alertId or ruleId"),
    ["ruleId"],
  ),
);

export const TemplatePreview = v.strictObject({
  text: v.string(),
  /** The alert that it was filled in with; null where the rule has none yet, and one was made up. */
  alertId: v.nullable(AlertId),
});
