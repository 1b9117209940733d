import * as v from "valibot";
import { page, pageQuery } from "../../shared/contract/page.ts";
import type { PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import type { PolicyResource } from "./policy-resource.ts";

export const listPolicies = <Kind extends PolicyKind>({ kind, path, many, entry, answer }: PolicyResource<Kind>) =>
  route({
    method: "GET",
    path,
    summary: `List ${many}, oldest first`,
    scope: "read",
    input: v.strictObject(pageQuery),
    output: page(entry),
    problems: [],

    async handle(query, { org }, { store }) {
      const { items, nextCursor } = await store.forOrg(org).alertPolicies.list(kind, query);
      return { items: items.map(answer), nextCursor };
    },
  });
