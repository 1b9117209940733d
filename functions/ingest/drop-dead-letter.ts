import * as v from "valibot";
import { DeadLetterId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const dropDeadLetter = route({
  method: "DELETE",
  path: "/api/v1/dead-letters/{id}",
  summary: "Give a refused point up",
  scope: "admin",
  input: v.strictObject({ id: DeadLetterId }),
  output: null,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    if (!(await store.forOrg(org).deadLetters.remove(id))) throw notFound();
    return null;
  },
});
