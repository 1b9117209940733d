import type { ChannelDefinition } from "../contract/channel.ts";
import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { SecretBox } from "../ports.ts";
import { sealingContext } from "./sealed.ts";

/** Seals a channel's configuration: URLs carry secrets as often as not, so all of it. */
export const sealConfig = (secrets: SecretBox, org: OrgId, channel: ChannelId, config: ChannelDefinition["config"]): string =>
  secrets.seal(JSON.stringify(config), sealingContext(org, channel));

/** The configuration of a stored channel, in the clear. @throws when it was sealed for another channel, or with another key. */
export const openConfig = <Kind extends ChannelDefinition["kind"]>(
  secrets: SecretBox,
  org: OrgId,
  channel: { readonly id: ChannelId; readonly kind: Kind; readonly sealed: string },
): Extract<ChannelDefinition, { kind: Kind }>["config"] => JSON.parse(secrets.open(channel.sealed, sealingContext(org, channel.id)));
