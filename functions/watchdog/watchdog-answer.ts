import { formatDuration, isoTime, isoTimeOrNull } from "../../shared/contract/time.ts";
import type { WatchdogRecord } from "../../shared/ports/watchdog.ts";
import type { Watchdog } from "./contract.ts";

/** A watchdog as the API shows it. @param faults - As they are now. */
export function watchdogAnswer(record: WatchdogRecord, faults: readonly string[]): Watchdog {
  const { target } = record;
  return {
    url: "channel" in target ? null : target.shown,
    method: "channel" in target ? null : target.method,
    channelId: "channel" in target ? target.channel : null,
    every: formatDuration(record.everyMs),
    enabled: record.enabled,
    alive: faults.length === 0,
    faults: [...faults],
    lastBeatAt: isoTimeOrNull(record.lastBeatAt),
    nextBeatAt: record.enabled ? isoTime(record.nextAt) : null,
    lastStatus: record.lastStatus,
    lastError: record.lastError,
    updatedAt: isoTime(record.updatedAt),
  };
}
