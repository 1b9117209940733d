import type { ChannelId } from "../../shared/contract/ids.ts";
import { invalid } from "../../shared/contract/problem.ts";
import { fallbackFault } from "../../shared/core/alert/fallback.ts";
import { MAX_CHANNELS } from "../../shared/ports/alerting.ts";
import type { ChannelsStore } from "../../shared/ports/alerting.ts";

/** Refuses a fallback that is no channel of the organisation, or that leads back or too far. @throws Problem validation-failed. */
export async function requireFallback(id: ChannelId, fallback: ChannelId | null, channels: ChannelsStore): Promise<void> {
  if (fallback === null) return;
  const { items } = await channels.list({ limit: MAX_CHANNELS });
  const message = fallbackFault(items, { id, fallback });
  if (message !== null) throw invalid([{ path: "fallback", message }]);
}
