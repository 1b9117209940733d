import * as v from "valibot";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import type { PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import { letItHold } from "./change-policy.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const deletePolicy = <Kind extends PolicyKind>({ kind, path, one, id: idSchema, answer }: PolicyResource<Kind>) =>
  route({
    method: "DELETE",
    path: `${path}/{id}`,
    summary: `Delete ${one}: what it hid is told if it still fires; its history stays`,
    scope: "admin",
    input: v.strictObject({ id: idSchema }),
    output: null,
    problems: ["not-found", "precondition-failed", "conflict"],

    async handle({ id }, { org, actor, requireMatch }, deps) {
      const { alertPolicies } = deps.store.forOrg(org);
      const policy = await alertPolicies.get(kind, id as string);
      if (policy === null) throw notFound();
      requireMatch(answer(policy));
      if (!(await alertPolicies.remove(policy, actor, deps.clock.now()))) throw new Problem("conflict", "It was changed meanwhile.");
      await letItHold(org, deps);
      return null;
    },
  });
