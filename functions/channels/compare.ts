import * as v from "valibot";
import { ChannelReplacement } from "../../shared/contract/channel.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { changedMembers } from "../../shared/core/changed-members.ts";
import { route } from "../../shared/runtime/route.ts";
import { definitionOf } from "./channel-record.ts";
import { withKeptSecrets } from "./kept-secrets.ts";

export const compareChannel = route({
  method: "POST",
  path: "/api/v1/channels/{id}/compare",
  summary: "Say which members of a channel a replacement would change; nothing is changed, and values are not told",
  scope: "admin",
  status: 200,
  input: ChannelReplacement,
  output: v.strictObject({ changes: v.pipe(v.array(v.string()), v.maxLength(100)) }),
  problems: ["not-found"],

  async handle({ id, ...definition }, { org }, deps) {
    const channel = await deps.store.forOrg(org).channels.get(id);
    if (channel === null) throw notFound();
    const present = definitionOf(channel, org, deps);
    return { changes: changedMembers(present, withKeptSecrets(definition, present)).map(({ path }) => path) };
  },
});
