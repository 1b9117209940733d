import * as v from "valibot";
import { KeyId } from "../../shared/contract/ids.ts";
import { Key } from "../../shared/contract/key.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const getKey = route({
  method: "GET",
  path: "/api/v1/keys/{id}",
  summary: "Read what is known of an API key",
  scope: "admin",
  input: v.strictObject({ id: KeyId }),
  output: Key,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const key = await store.forOrg(org).keys.get(id);
    if (key === null) throw notFound();
    return key;
  },
});
