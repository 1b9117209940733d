import * as v from "valibot";
import { Org } from "../../shared/contract/org.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const getOrg = route({
  method: "GET",
  path: "/api/v1/org",
  summary: "Read the organisation of the key",
  scope: "read",
  input: v.strictObject({}),
  output: Org,
  etag: true,
  problems: [],

  async handle(_input, { org }, { store }) {
    const found = await store.platform.orgs.get(org);
    if (found === null) throw notFound();
    return found;
  },
});
