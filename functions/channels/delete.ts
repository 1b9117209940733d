import * as v from "valibot";
import { ChannelId } from "../../shared/contract/ids.ts";
import { notFound, Problem } from "../../shared/contract/problem.ts";
import { namedChannels } from "../../shared/core/alert/routes.ts";
import { MAX_CHANNELS } from "../../shared/ports/alerting.ts";
import { route } from "../../shared/runtime/route.ts";
import { channelAnswer } from "./channel-answer.ts";

export const deleteChannel = route({
  method: "DELETE",
  path: "/api/v1/channels/{id}",
  summary: "Delete a channel; what was still to be sent on it is given up",
  scope: "admin",
  input: v.strictObject({ id: ChannelId }),
  output: null,
  problems: ["not-found", "precondition-failed", "conflict"],

  async handle({ id }, context, { store, clock }) {
    const { channels, alertPolicies, watchdog } = store.forOrg(context.org);
    const channel = await channels.get(id);
    if (channel === null) throw notFound();
    context.requireMatch(channelAnswer(channel));
    const told = (await channels.list({ limit: MAX_CHANNELS })).items.find(({ fallback }) => fallback === id);
    if (told !== undefined) throw new Problem("conflict", `It is the fallback of the channel ${told.name}. Change that one first.`);
    const [routes] = (await alertPolicies.list("routes", { limit: 1 })).items;
    const named = routes === undefined ? undefined : namedChannels(routes.definition).find(({ channel: of }) => of === id);
    if (named !== undefined) throw new Problem("conflict", `The routes name it (${named.path}). Change them first.`);
    const beat = (await watchdog.get())?.target;
    if (beat !== undefined && "channel" in beat && beat.channel === id)
      throw new Problem("conflict", "The watchdog's heartbeat goes to it. Change that first.");
    if (!(await channels.remove(id, channel.version, { actor: context.actor, at: clock.now() })))
      throw new Problem("conflict", "The channel was changed meanwhile.");
    return null;
  },
});
