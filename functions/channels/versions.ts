import * as v from "valibot";
import { Actor } from "../../shared/contract/actor.ts";
import { Channel } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import { page, pageQuery } from "../../shared/contract/page.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { IsoTime, isoTime } from "../../shared/contract/time.ts";
import { route } from "../../shared/runtime/route.ts";

const ChannelVersion = v.strictObject({
  version: v.number(),
  at: IsoTime,
  /** null where its receiver was gone, or nobody knows any more. */
  actor: v.nullable(Actor),
  /** null where it was deleted. Of the configuration what may be shown: a changed secret is a version that looks like the one before. */
  definition: v.nullable(v.omit(Channel, ["id", "createdAt", "updatedAt"])),
});
type Definition = v.InferOutput<typeof ChannelVersion>["definition"];

export const listChannelVersions = route({
  method: "GET",
  path: "/api/v1/channels/{id}/versions",
  summary: "List what a channel was, newest version first: the newest 100, also once it is deleted; secrets are never in it",
  scope: "read",
  input: v.strictObject({ id: ChannelId, ...pageQuery }),
  output: page(ChannelVersion),
  problems: ["not-found"],

  async handle({ id, ...query }, { org }, { store }) {
    const tenant = store.forOrg(org);
    const { items, nextCursor } = await tenant.history.list(id, query);
    if (items.length === 0 && (await tenant.channels.get(id)) === null) throw notFound();
    return {
      items: items.map(({ version, at, actor, definition }) => ({
        version,
        at: isoTime(at),
        actor,
        definition: definition as Definition | null,
      })),
      nextCursor,
    };
  },
});
