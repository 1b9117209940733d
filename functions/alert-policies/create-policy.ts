import type { PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import { makePolicy } from "./change-policy.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const createPolicy = <Kind extends PolicyKind>({ kind, path, prefix, one, definition, entry, answer }: PolicyResource<Kind>) =>
  route({
    method: "POST",
    path,
    summary: `Make ${one}; it holds at once`,
    scope: "admin",
    input: definition,
    output: entry,
    location: (made) => `${path}/${(made as { id: string }).id}`,
    etag: true,
    idempotency: "reserve",
    problems: ["limit-reached"],

    async handle(given, context, deps) {
      return answer(await makePolicy({ kind, id: deps.newId(prefix), definition: given }, context, deps));
    },
  });
