import * as v from "valibot";
import { Key } from "../../shared/contract/key.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listKeys = route({
  method: "GET",
  path: "/api/v1/keys",
  summary: "List API keys, without the keys themselves",
  scope: "admin",
  input: v.strictObject(pageQuery),
  output: page(Key),
  problems: [],

  handle: (query, { org }, { store }) => store.forOrg(org).keys.list(query),
});
