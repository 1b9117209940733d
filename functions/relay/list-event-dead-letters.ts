import * as v from "valibot";
import { EventDeadLetter } from "../../shared/contract/dead-letter.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listEventDeadLetters = route({
  method: "GET",
  path: "/api/v1/event-dead-letters",
  summary: "List the events that a consumer gave up on",
  scope: "platform",
  input: v.strictObject(pageQuery),
  output: page(EventDeadLetter),
  problems: [],

  handle: (query, _context, { store }) => store.platform.events.listDead(query),
});
