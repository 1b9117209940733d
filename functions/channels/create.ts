import { ChannelDefinition, CreatedChannel } from "../../shared/contract/channel.ts";
import type { ChannelId } from "../../shared/contract/ids.ts";
import { Problem } from "../../shared/contract/problem.ts";
import { MAX_CHANNELS } from "../../shared/ports/alerting.ts";
import { route } from "../../shared/runtime/route.ts";
import { channelAnswer, withoutSecret } from "./channel-answer.ts";
import { recordOf, withSecret } from "./channel-record.ts";
import { requireAddress } from "./require-address.ts";
import { requireFallback } from "./require-fallback.ts";

// No idempotency key here: the kept answer would hold the secret in the clear.
export const createChannel = route({
  method: "POST",
  path: "/api/v1/channels",
  summary: "Make a channel; a webhook secret that was not given is made, and shown once",
  scope: "admin",
  input: ChannelDefinition,
  output: CreatedChannel,
  location: ({ id }) => `/api/v1/channels/${id}`,
  etag: true,
  tagged: withoutSecret,
  problems: ["limit-reached"],

  async handle(given, { org, actor }, deps) {
    await requireAddress(given, null, deps);
    const now = deps.clock.now();
    const { definition, made } = withSecret(given, deps);
    const id = deps.newId<ChannelId>("chn");
    const { channels } = deps.store.forOrg(org);
    await requireFallback(id, definition.fallback, channels);
    const channel = recordOf(definition, { id, version: 1, disabledReason: null, createdAt: now, updatedAt: now }, org, deps);
    if (!(await channels.insert(channel, actor))) {
      throw new Problem("limit-reached", `An organisation may have ${MAX_CHANNELS} channels.`);
    }
    return { ...channelAnswer(channel), ...(made === undefined ? {} : { secret: made }) };
  },
});
