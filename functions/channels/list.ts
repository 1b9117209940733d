import * as v from "valibot";
import { Channel } from "../../shared/contract/channel.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { route } from "../../shared/runtime/route.ts";
import { channelAnswer } from "./channel-answer.ts";

export const listChannels = route({
  method: "GET",
  path: "/api/v1/channels",
  summary: "List channels, without their secrets",
  scope: "read",
  input: v.strictObject(pageQuery),
  output: page(Channel),
  problems: [],

  async handle(query, { org }, { store }) {
    const { items, nextCursor } = await store.forOrg(org).channels.list(query);
    return { items: items.map(channelAnswer), nextCursor };
  },
});
