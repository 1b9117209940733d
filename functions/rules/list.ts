import * as v from "valibot";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { RuleAnswer } from "../../shared/contract/rule.ts";
import { route } from "../../shared/runtime/route.ts";
import { ruleAnswer } from "./rule-answer.ts";

export const listRules = route({
  method: "GET",
  path: "/api/v1/rules",
  summary: "List alert rules, oldest first",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(RuleAnswer),
  problems: [],

  async handle(query, { org }, { store }) {
    const { items, nextCursor } = await store.forOrg(org).rules.list(query);
    return { items: items.map(ruleAnswer), nextCursor };
  },
});
