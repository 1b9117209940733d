import * as v from "valibot";
import { ChangeEventId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const deleteChangeEvent = route({
  method: "DELETE",
  path: "/api/v1/change-events/{id}",
  summary: "Delete a change event; messages that were sent keep it",
  scope: "write",
  input: v.strictObject({ id: ChangeEventId }),
  output: null,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    if (!(await store.forOrg(org).changeEvents.remove(id))) throw notFound();
    return null;
  },
});
