import * as v from "valibot";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { PolicyDefinitions, PolicyKind } from "../../shared/core/alert/compile-policies.ts";
import type { PolicyChange } from "../../shared/ports/alert-policies.ts";
import { route } from "../../shared/runtime/route.ts";
import type { PolicyResource } from "./policy-resource.ts";

/** A change as the API shows it. @param written - As the API shows a definition. */
export const changeAnswer = <Kind extends PolicyKind, Written>(
  { at, before, after, ...change }: PolicyChange<Kind>,
  written: (definition: PolicyDefinitions[Kind]) => Written,
) => ({
  ...change,
  at: isoTime(at),
  before: before === null ? null : written(before),
  after: after === null ? null : written(after),
});

/** @param written - As the API shows a definition. */
export const listChanges = <Kind extends PolicyKind>(
  { kind, path, one, id: idSchema, change }: Pick<PolicyResource<Kind>, "kind" | "path" | "one" | "id" | "change">,
  written: (definition: PolicyDefinitions[Kind]) => unknown,
) =>
  route({
    method: "GET",
    path: `${path}/{id}/history`,
    summary: `Who changed ${one}, when, and what it was before and after; oldest first, also once it is deleted`,
    scope: "read",
    input: v.strictObject({ id: idSchema, ...pageQuery }),
    output: page(change),
    problems: ["not-found"],

    async handle({ id, ...query }, { org }, { store }) {
      const { items, nextCursor } = await store.forOrg(org).alertPolicies.history(kind, id as string, query as { limit: number });
      if (items.length === 0 && !("cursor" in query && query.cursor !== undefined)) throw notFound();
      return { items: items.map((item) => changeAnswer(item, written)), nextCursor };
    },
  });
