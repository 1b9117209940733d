import * as v from "valibot";
import { InboxMessage } from "../../shared/contract/channel.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";

export const listInbox = route({
  method: "GET",
  path: "/api/v1/inbox",
  summary: "List the messages of the inbox, newest first",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(InboxMessage),
  problems: [],

  handle: (query, { org }, { store }) => store.forOrg(org).inbox.list(query),
});
