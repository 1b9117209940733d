import * as v from "valibot";
import { ChangeEvent } from "../../shared/contract/change-event.ts";
import { ChangeEventId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeAnswer } from "./change-answer.ts";

export const getChangeEvent = route({
  method: "GET",
  path: "/api/v1/change-events/{id}",
  summary: "Read a change event",
  scope: "read",
  input: v.strictObject({ id: ChangeEventId }),
  output: ChangeEvent,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const change = await store.forOrg(org).changeEvents.get(id);
    if (change === null) throw notFound();
    return changeAnswer(change);
  },
});
