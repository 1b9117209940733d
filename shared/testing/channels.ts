import * as v from "valibot";
import { ChannelDefinition } from "../contract/channel.ts";
import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { ChannelRecord } from "../ports/alerting.ts";
import { sealConfig } from "../ports/channel-config.ts";
import type { Harness } from "./harness.ts";

/** Stores a channel as its creation would. */
export async function storeChannel({ deps, org, clock }: Harness, definition: object, as: OrgId = org): Promise<ChannelRecord> {
  const { name, kind, config, enabled, fallback, stormLimit } = v.parse(ChannelDefinition, { name: "Told by tests", ...definition });
  const id = deps.newId<ChannelId>("chn");
  const channel: ChannelRecord = {
    id,
    version: 1,
    name,
    kind,
    shown: {},
    sealed: sealConfig(deps.secrets, as, id, config),
    enabled,
    disabledReason: null,
    fallback,
    stormLimit,
    createdAt: clock.now(),
    updatedAt: clock.now(),
  };
  if (!(await deps.store.forOrg(as).channels.insert(channel))) throw new Error("The organisation is full");
  return channel;
}
