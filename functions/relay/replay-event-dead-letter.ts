import * as v from "valibot";
import { DeadLetterId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";

export const replayEventDeadLetter = route({
  method: "POST",
  path: "/api/v1/event-dead-letters/{id}/replay",
  summary: "Have an event delivered again to the consumer that gave it up",
  scope: "platform",
  input: v.strictObject({ id: DeadLetterId }),
  output: null,
  problems: ["not-found"],

  async handle({ id }, _context, { store, clock }) {
    if (!(await store.platform.events.revive(id, clock.now()))) throw notFound();
    return null;
  },
});
