import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { createClient } from "../../tools/dev/client.ts";
import { ChannelDefinition } from "../contract/channel.ts";
import type { Delivery } from "../contract/channel.ts";
import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { ChannelRecord } from "../ports/alerting.ts";
import { sealConfig } from "../ports/channel-config.ts";
import type { Harness } from "./harness.ts";
import type { LocalSystem } from "./local-system.ts";

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

const PATIENCE_MS = 30_000;

/** Has the real system test a channel, and waits for what becomes of that. */
export async function testedChannel({ url, apiKey, output }: LocalSystem, id: string): Promise<Delivery> {
  const client = createClient(url, apiKey);
  const { id: delivery } = await client.call<Delivery>("POST", `/api/v1/channels/${id}/test`);
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(100)) {
    const present = await client.call<Delivery>("GET", `/api/v1/deliveries/${delivery}`);
    if (present.attempts > 0 && present.status !== "sending") return present;
  }
  throw new Error(`The test was not sent: ${output()}`);
}
