import type { AlertId, ChannelId } from "../contract/ids.ts";

/** A set of labels under which a receiver may have an alert open. */
export interface ToldLabels {
  readonly alert: AlertId;
  /** Canonical JSON. */
  readonly labels: string;
}

/** What receivers that know an alert by its labels may have open. */
export interface ToldLabelsStore {
  of(channel: ChannelId, alerts: readonly AlertId[]): Promise<readonly ToldLabels[]>;
  insert(channel: ChannelId, told: readonly ToldLabels[]): Promise<void>;
  remove(channel: ChannelId, told: readonly ToldLabels[]): Promise<void>;
}
