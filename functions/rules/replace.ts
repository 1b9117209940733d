import { RuleAnswer, RuleReplacement } from "../../shared/contract/rule.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeRule } from "./change-rule.ts";
import { ruleAnswer } from "./rule-answer.ts";

export const replaceRule = route({
  method: "PUT",
  path: "/api/v1/rules/{id}",
  summary: "Replace an alert rule; what is open and still watched goes on",
  scope: "admin",
  input: RuleReplacement,
  output: RuleAnswer,
  readOnly: ["version", "createdAt", "updatedAt"],
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id, ...definition }, context, { store, clock }) {
    return ruleAnswer(await changeRule(id, () => definition, store.forOrg(context.org), context, clock.now()));
  },
});
