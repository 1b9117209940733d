import { ChannelReplacement, CreatedChannel } from "../../shared/contract/channel.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeChannel } from "./change-channel.ts";
import { withoutSecret } from "./channel-answer.ts";
import { withKeptSecrets } from "./kept-secrets.ts";

export const replaceChannel = route({
  method: "PUT",
  path: "/api/v1/channels/{id}",
  summary: "Replace a channel; a secret that is not given stays as it is, one that is sent to a server only while that is the same",
  scope: "admin",
  input: ChannelReplacement,
  output: CreatedChannel,
  etag: true,
  tagged: withoutSecret,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle({ id, ...definition }, context, deps) {
    return changeChannel(id, (present) => withKeptSecrets(definition, present), context, deps);
  },
});
