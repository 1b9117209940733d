import * as v from "valibot";
import { RuleId } from "../../shared/contract/ids.ts";
import { parseOrRefuse } from "../../shared/contract/problem.ts";
import { RuleAnswer, WrittenRule } from "../../shared/contract/rule.ts";
import type { RuleDefinition } from "../../shared/contract/rule.ts";
import { mergePatch } from "../../shared/core/merge-patch.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeRule } from "./change-rule.ts";
import { ruleAnswer } from "./rule-answer.ts";

export const patchRule = route({
  method: "PATCH",
  path: "/api/v1/rules/{id}",
  summary: "Change some members of an alert rule (JSON merge patch): null puts a default back",
  scope: "admin",
  input: v.looseObject({ id: RuleId }),
  output: RuleAnswer,
  etag: true,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id, ...patch }, context, { store, clock }) {
    const edit = (present: RuleDefinition) => parseOrRefuse(WrittenRule, mergePatch(present, patch));
    return ruleAnswer(await changeRule(id, edit, store.forOrg(context.org), context, clock.now()));
  },
});
