import * as v from "valibot";
import { RuleId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { RuleAnswer } from "../../shared/contract/rule.ts";
import { route } from "../../shared/runtime/route.ts";
import { ruleAnswer } from "./rule-answer.ts";

export const getRule = route({
  method: "GET",
  path: "/api/v1/rules/{id}",
  summary: "Read an alert rule",
  scope: "read",
  input: v.strictObject({ id: RuleId }),
  output: RuleAnswer,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const rule = await store.forOrg(org).rules.get(id);
    if (rule === null) throw notFound();
    return ruleAnswer(rule);
  },
});
