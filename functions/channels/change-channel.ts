import type { ChannelDefinition, CreatedChannel } from "../../shared/contract/channel.ts";
import type { ChannelId } from "../../shared/contract/ids.ts";
import { notFound } from "../../shared/contract/problem.ts";
import { canonicalJson } from "../../shared/core/hash-id.ts";
import { untilWon } from "../../shared/core/until-won.ts";
import type { Deps } from "../../shared/ports.ts";
import type { TenantContext } from "../../shared/runtime/route.ts";
import { channelAnswer } from "./channel-answer.ts";
import { withPreviousSecret } from "./kept-secrets.ts";
import { definitionOf, recordOf, withSecret } from "./channel-record.ts";
import { requireAddress } from "./require-address.ts";
import { requireFallback } from "./require-fallback.ts";

/**
 * Gives a channel another definition; the same definition again changes nothing.
 * @param edit - Gets the present definition with its secrets in the clear.
 * @throws Problem not-found, precondition-failed, conflict, and what `edit` throws.
 */
export async function changeChannel(
  id: ChannelId,
  edit: (present: ChannelDefinition) => ChannelDefinition,
  { org, actor, requireMatch }: Pick<TenantContext, "org" | "actor" | "requireMatch">,
  deps: Pick<Deps, "store" | "clock" | "secrets" | "random" | "addressRefusal">,
): Promise<CreatedChannel> {
  const { channels } = deps.store.forOrg(org);
  return untilWon("The channel is", async () => {
    const before = await channels.get(id);
    if (before === null) throw notFound();
    requireMatch(channelAnswer(before));

    const present = definitionOf(before, org, deps);
    const { definition: given, made } = withSecret(edit(present), deps);
    const definition = withPreviousSecret(given, present, deps.clock.now());
    if (canonicalJson(definition) === canonicalJson(present)) return channelAnswer(before);

    await requireAddress(definition, present, deps);
    await requireFallback(id, definition.fallback, channels);
    const disabledReason = definition.enabled ? null : before.disabledReason;
    const version = before.version + 1;
    const after = recordOf(definition, { ...before, version, disabledReason, updatedAt: deps.clock.now() }, org, deps);
    if (!(await channels.replace(after, actor))) return null;
    return { ...channelAnswer(after), ...(made === undefined ? {} : { secret: made }) };
  });
}
