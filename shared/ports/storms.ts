import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { Storm } from "../core/alert/storm.ts";
import type { NewDelivery } from "./alerting.ts";

/** What is kept of a channel, so that it is not told of more than people can read. */
export interface StormRecord {
  readonly channel: ChannelId;
  /** As it was loaded, 0 when it was not stored yet: what a write compares with. The write adds one. */
  readonly version: number;
  readonly state: Storm;
}

/** The storms of an organisation's channels. They are written with the groups that are told. */
export interface StormsStore {
  /** Those that are stored of some channels. */
  ofChannels(channels: readonly ChannelId[]): Promise<readonly StormRecord[]>;
  /** Writes that a storm is over, with what is told of it, whole or not at all; false when it has moved since it was loaded. */
  end(storm: StormRecord, deliveries: readonly NewDelivery[], at: number): Promise<boolean>;
}

/** What is due of storms, across organisations. */
export interface StormsDue {
  /** Channels whose storm is over by now, the first over first. */
  over(now: number, limit: number): Promise<readonly { readonly org: OrgId; readonly channel: ChannelId }[]>;
}
