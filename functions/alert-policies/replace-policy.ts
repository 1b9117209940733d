import type { PolicyDefinitions, PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import { changePolicy } from "./change-policy.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const replacePolicy = <Kind extends PolicyKind>({ kind, path, one, replacement, entry, answer }: PolicyResource<Kind>) =>
  route({
    method: "PUT",
    path: `${path}/{id}`,
    summary: `Replace ${one}; it holds at once`,
    scope: "admin",
    input: replacement,
    output: entry,
    readOnly: ["version", "createdAt", "updatedAt"],
    etag: true,
    problems: ["not-found", "precondition-failed", "conflict"],

    async handle({ id, ...definition }, context, deps) {
      const given = definition as unknown as PolicyDefinitions[Kind];
      return answer(await changePolicy({ kind, id, tagged: answer }, () => given, context, deps));
    },
  });
