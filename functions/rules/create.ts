import type { RuleId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { RuleAnswer, WrittenRule } from "../../shared/contract/rule.ts";
import type { Rule } from "../../shared/contract/rule.ts";
import { MAX_RULES } from "../../shared/ports/alerting.ts";
import { withRequiredSeries } from "../../shared/ports/required-series.ts";
import { route } from "../../shared/runtime/route.ts";
import { requireChildren, requirePatterns } from "./change-rule.ts";
import { requireTemplates } from "./require-templates.ts";
import { ruleAnswer } from "./rule-answer.ts";

export const createRule = route({
  method: "POST",
  path: "/api/v1/rules",
  summary: "Make an alert rule",
  scope: "admin",
  input: WrittenRule,
  output: RuleAnswer,
  location: ({ id }) => `/api/v1/rules/${id}`,
  etag: true,
  idempotency: "reserve",
  problems: ["limit-reached"],

  async handle(written, { org, actor }, { store, clock, newId }) {
    requirePatterns(written);
    requireTemplates(written, null);
    const { rules, series } = store.forOrg(org);
    const definition = await withRequiredSeries(written, { series });
    await requireChildren(definition, null, { rules });
    const now = clock.now();
    const rule: Rule = { ...definition, id: newId<RuleId>("rul"), version: 1, createdAt: now, updatedAt: now };
    if (!(await rules.insert(rule, actor))) {
      throw new Problem("limit-reached", `An organisation may have ${MAX_RULES} rules.`);
    }
    return ruleAnswer(rule);
  },
});
