import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { NewDelivery } from "./alerting.ts";

/** The heartbeat of an organisation as it is stored: to a URL, or on a channel. Times are Unix ms. */
export interface WatchdogRecord {
  /** Grows with each change of its configuration. */
  readonly version: number;
  readonly enabled: boolean;
  readonly everyMs: number;
  readonly target:
    | { readonly channel: ChannelId }
    | {
        readonly method: "GET" | "POST";
        /** The URL, sealed. */
        readonly sealed: string;
        /** What may be shown of it. */
        readonly shown: string;
      };
  readonly updatedAt: number;
  /** When the next beat is due. */
  readonly nextAt: number;
  readonly lastBeatAt: number | null;
  /** Of the newest beat to a URL: the HTTP status, null where there was no answer, and what was wrong with it. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** Why the beat that is due is held back. */
  readonly faults: readonly string[];
}

/** The watchdog of an organisation. */
export interface WatchdogStore {
  get(): Promise<WatchdogRecord | null>;
  /** Writes a watchdog over its version before (`record.version - 1`, 0 where there was none); false when it is at another. */
  replace(record: WatchdogRecord): Promise<boolean>;
  /** Puts the next beat off, before one is sent to a URL; false when another has, or the configuration was changed. */
  claim(seen: WatchdogRecord, nextAt: number): Promise<boolean>;
  /** Makes a beat on a channel, with the time of the next one, whole or not at all; false as for `claim`. */
  beat(seen: WatchdogRecord, delivery: NewDelivery, nextAt: number, at: number): Promise<boolean>;
  /** Keeps how a beat to a URL went; where it failed, its next time stays as it was claimed. */
  ended(seen: WatchdogRecord, result: BeatResult): Promise<void>;
  /** Keeps why a beat is held back. */
  hold(seen: WatchdogRecord, faults: readonly string[]): Promise<void>;
  /** Whether messages, or groups that are to be flushed, should have been worked on before a time, and were not. */
  stuck(before: number): Promise<{ readonly deliveries: boolean; readonly groups: boolean }>;
}

export type BeatResult =
  | { readonly ok: true; readonly at: number; readonly nextAt: number; readonly status: number }
  | { readonly ok: false; readonly status: number | null; readonly error: string };

/** The watchdogs that are due, across organisations. */
export interface WatchdogsDue {
  /** Organisations after an id, by id. */
  due(now: number, after: string, limit: number): Promise<readonly OrgId[]>;
}
