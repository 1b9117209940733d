import { ChannelReplacement, CreatedChannel } from "../../shared/contract/channel.ts";
import type { ChannelDefinition } from "../../shared/contract/channel.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeChannel } from "./change-channel.ts";
import { withoutSecret } from "./channel-answer.ts";

export const replaceChannel = route({
  method: "PUT",
  path: "/api/v1/channels/{id}",
  summary: "Replace a channel; a webhook secret that is not given stays as it is",
  scope: "admin",
  input: ChannelReplacement,
  output: CreatedChannel,
  etag: true,
  tagged: withoutSecret,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle({ id, ...definition }, context, deps) {
    return changeChannel(id, (present) => keepSecret(definition, present), context, deps);
  },
});

/** Secrets cannot be read, so whoever writes back what was read leaves them out. */
function keepSecret(definition: ChannelDefinition, present: ChannelDefinition): ChannelDefinition {
  if (definition.kind !== "webhook" || present.kind !== "webhook") return definition;
  return { ...definition, config: { ...present.config, ...definition.config } };
}
