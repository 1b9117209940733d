import type { Channel, CreatedChannel } from "../../shared/contract/channel.ts";
import { isoTime } from "../../shared/contract/time.ts";
import type { ChannelRecord } from "../../shared/ports/alerting.ts";

/** A channel as the API shows it: of its configuration only what is no secret. */
export const channelAnswer = ({
  id,
  name,
  kind,
  shown,
  enabled,
  disabledReason,
  fallback,
  stormLimit,
  createdAt,
  updatedAt,
}: ChannelRecord): Channel => ({
  id,
  name,
  kind,
  config: shown,
  enabled,
  disabledReason,
  fallback,
  stormLimit,
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});

/** The channel in an answer that may show a new secret: what its ETag is of, since nobody reads the secret again. */
export const withoutSecret = ({ secret: _, ...channel }: CreatedChannel): Channel => channel;
