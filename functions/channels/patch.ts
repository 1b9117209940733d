import * as v from "valibot";
import { ChannelDefinition, CreatedChannel } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import { parseOrRefuse } from "../../shared/contract/problem.ts";
import { mergePatch } from "../../shared/core/merge-patch.ts";
import { route } from "../../shared/runtime/route.ts";
import { changeChannel } from "./change-channel.ts";
import { withoutSecret } from "./channel-answer.ts";
import { withoutSentSecrets } from "./kept-secrets.ts";

export const patchChannel = route({
  method: "PATCH",
  path: "/api/v1/channels/{id}",
  summary: "Change some members of a channel (JSON merge patch); a webhook secret set to null is made anew, and shown once",
  scope: "admin",
  input: v.looseObject({ id: ChannelId }),
  output: CreatedChannel,
  etag: true,
  tagged: withoutSecret,
  problems: ["not-found", "precondition-failed", "conflict"],

  handle({ id, ...patch }, context, deps) {
    const edit = (present: ChannelDefinition) => {
      const merged = parseOrRefuse(ChannelDefinition, mergePatch(present, patch));
      return parseOrRefuse(ChannelDefinition, mergePatch(withoutSentSecrets(present, merged), patch));
    };
    return changeChannel(id, edit, context, deps);
  },
});
