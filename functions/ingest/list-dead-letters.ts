import * as v from "valibot";
import { DeadLetter } from "../../shared/contract/dead-letter.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listDeadLetters = route({
  method: "GET",
  path: "/api/v1/dead-letters",
  summary: "List the points that were refused, oldest first",
  scope: "admin",
  input: v.strictObject(pageQuery),
  output: page(DeadLetter),
  problems: [],

  handle: (query, { org }, { store }) => store.forOrg(org).deadLetters.list(query),
});
