import * as v from "valibot";
import { Retention } from "../../shared/contract/retention.ts";
import { route } from "../../shared/runtime/route.ts";
import { retentionOf } from "./retention-answer.ts";

export const getRetention = route({
  method: "GET",
  path: "/api/v1/retention",
  summary: "How long points are kept, and the hours that they came to; null: for ever",
  scope: "read",
  input: v.strictObject({}),
  output: Retention,
  etag: true,
  problems: [],

  async handle(_input, { org }, { store }) {
    return retentionOf(await store.forOrg(org).retention.get());
  },
});
