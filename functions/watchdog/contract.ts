import * as v from "valibot";
import { HttpUrl } from "../../shared/contract/channel.ts";
import { ChannelId } from "../../shared/contract/ids.ts";
import { atLeast, atMost, Duration, IsoTime } from "../../shared/contract/time.ts";

/** Where a heartbeat goes, and how often: to a URL or on a channel. */
export const PutWatchdog = v.pipe(
  v.strictObject({
    url: v.optional(HttpUrl),
    method: v.optional(v.picklist(["GET", "POST"]), "GET"),
    channelId: v.optional(ChannelId),
    every: v.pipe(Duration, atLeast(60_000), atMost(86_400_000)),
    enabled: v.optional(v.boolean(), true),
  }),
  v.forward(
    v.check(({ url, channelId }) => (url === undefined) !== (channelId === undefined), "Expected either url or channelId"),
    ["url"],
  ),
);

export const Watchdog = v.strictObject({
  /** The origin only: the rest of it is as good as a password. */
  url: v.nullable(v.string()),
  method: v.nullable(v.picklist(["GET", "POST"])),
  channelId: v.nullable(ChannelId),
  every: v.string(),
  enabled: v.boolean(),
  /** Whether a heartbeat would be sent now; and why not. */
  alive: v.boolean(),
  faults: v.array(v.string()),
  lastBeatAt: v.nullable(IsoTime),
  nextBeatAt: v.nullable(IsoTime),
  lastStatus: v.nullable(v.number()),
  lastError: v.nullable(v.string()),
  updatedAt: IsoTime,
});
export type Watchdog = v.InferOutput<typeof Watchdog>;
