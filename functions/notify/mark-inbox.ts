import * as v from "valibot";
import { InboxMessage } from "../../shared/contract/channel.ts";
import { InboxMessageId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { Time } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";

export const markMessage = route({
  method: "PATCH",
  path: "/api/v1/inbox/{id}",
  summary: "Mark a message of the inbox as read, or as unread, for everybody in the organisation",
  scope: "admin",
  input: v.strictObject({ id: InboxMessageId, read: v.boolean() }),
  output: InboxMessage,
  problems: ["not-found"],

  async handle({ id, read }, { org }, { store, clock }) {
    const message = await store.forOrg(org).inbox.mark(id, read ? clock.now() : null);
    if (message === null) throw notFound();
    return message;
  },
});

export const markInbox = route({
  method: "POST",
  path: "/api/v1/inbox/read",
  summary: "Mark the messages of the inbox as read: all of them, or those that came until a time",
  scope: "admin",
  input: v.strictObject({ until: v.optional(Time) }),
  output: v.strictObject({ marked: v.number() }),
  problems: [],

  async handle({ until }, { org }, { store, clock }) {
    const now = clock.now();
    return { marked: await store.forOrg(org).inbox.markAll(until ?? now, now) };
  },
});
