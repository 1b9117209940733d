import * as v from "valibot";
import { Channel } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { route } from "../../shared/runtime/route.ts";
import { channelAnswer } from "./channel-answer.ts";

export const getChannel = route({
  method: "GET",
  path: "/api/v1/channels/{id}",
  summary: "Read a channel, without its secrets",
  scope: "read",
  input: v.strictObject({ id: ChannelId }),
  output: Channel,
  etag: true,
  problems: ["not-found"],

  async handle({ id }, { org }, { store }) {
    const channel = await store.forOrg(org).channels.get(id);
    if (channel === null) throw notFound();
    return channelAnswer(channel);
  },
});
