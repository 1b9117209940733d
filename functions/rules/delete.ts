import * as v from "valibot";
import { RuleId } from "../../shared/contract/ids.ts";
import { route } from "../../shared/runtime/route.ts";
import { removeRule } from "./change-rule.ts";

export const deleteRule = route({
  method: "DELETE",
  path: "/api/v1/rules/{id}",
  summary: "Delete an alert rule; its open alerts are resolved",
  scope: "admin",
  input: v.strictObject({ id: RuleId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, context, { store, clock }) {
    await removeRule(id, store.forOrg(context.org), context, clock.now());
    return null;
  },
});
