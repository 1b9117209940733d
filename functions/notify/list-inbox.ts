import * as v from "valibot";
import { InboxMessage } from "../../shared/contract/channel.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listInbox = route({
  method: "GET",
  path: "/api/v1/inbox",
  summary: "List the messages of the inbox, newest first; unread=true for those alone that nobody has read",
  scope: "read",
  input: v.strictObject({
    ...pageQuery,
    unread: v.optional(
      v.pipe(
        v.picklist(["true", "false"]),
        v.transform((text) => text === "true"),
      ),
    ),
  }),
  output: page(InboxMessage),
  problems: [],

  handle: ({ limit, cursor, unread }, { org }, { store }) => store.forOrg(org).inbox.list({ limit, cursor }, { unread }),
});
