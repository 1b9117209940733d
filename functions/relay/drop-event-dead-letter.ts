import * as v from "valibot";
import { DeadLetterId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const dropEventDeadLetter = route({
  method: "DELETE",
  path: "/api/v1/event-dead-letters/{id}",
  summary: "Give an event up for good",
  scope: "platform",
  input: v.strictObject({ id: DeadLetterId }),
  output: null,
  problems: ["not-found"],

  async handle({ id }, _context, { store }) {
    if ((await store.platform.events.getDead(id)) === null) throw notFound();
    await store.platform.events.removeFailure(id);
    return null;
  },
});
