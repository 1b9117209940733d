import * as v from "valibot";
import { notFound } from "../../shared/contract/problem.ts";
import type { PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const getPolicy = <Kind extends PolicyKind>({ kind, path, one, id: idSchema, entry, answer }: PolicyResource<Kind>) =>
  route({
    method: "GET",
    path: `${path}/{id}`,
    summary: `Read ${one}`,
    scope: "read",
    input: v.strictObject({ id: idSchema }),
    output: entry,
    etag: true,
    problems: ["not-found"],

    async handle({ id }, { org }, { store }) {
      const policy = await store.forOrg(org).alertPolicies.get(kind, id as string);
      if (policy === null) throw notFound();
      return answer(policy);
    },
  });
