import * as v from "valibot";
import { KeyId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const revokeKey = route({
  method: "DELETE",
  path: "/api/v1/keys/{id}",
  summary: "Revoke an API key; other instances may take it for five seconds more",
  scope: "admin",
  input: v.strictObject({ id: KeyId }),
  output: null,
  problems: ["not-found"],

  async handle({ id }, { org }, { store, clock, forgetApiKey }) {
    if ((await store.forOrg(org).keys.revoke(id, clock.now())) === null) throw notFound();
    forgetApiKey(id);
    return null;
  },
});
