import type { Row } from "@libsql/client";
import type { ChannelId, OrgId } from "../contract/ids.ts";
import type { WatchdogRecord, WatchdogsDue, WatchdogStore } from "../ports/watchdog.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { insertDelivery } from "./deliveries.ts";

const SELECT = "SELECT * FROM watchdog WHERE org = :org";
// A watchdog that is at another version gets NULL, which its column refuses.
const REPLACE = `
  INSERT INTO watchdog (org, version, enabled, every_ms, channel, method, sealed, shown, updated_at, next_at, last_beat_at, last_status,
    last_error, faults)
  VALUES (:org, iif(:version - 1 = coalesce((SELECT version FROM watchdog WHERE org = :org), 0), :version, NULL), :enabled, :everyMs,
    :channel, :method, :sealed, :shown, :updatedAt, :nextAt, :lastBeatAt, :lastStatus, :lastError, :faults)
  ON CONFLICT (org) DO UPDATE SET version = excluded.version, enabled = excluded.enabled, every_ms = excluded.every_ms,
    channel = excluded.channel, method = excluded.method, sealed = excluded.sealed, shown = excluded.shown,
    updated_at = excluded.updated_at, next_at = excluded.next_at, last_beat_at = excluded.last_beat_at,
    last_status = excluded.last_status, last_error = excluded.last_error, faults = excluded.faults`;
const CLAIM = "UPDATE watchdog SET next_at = :nextAt WHERE org = :org AND version = :version AND next_at = :seenAt";
// Fails its batch where another one was first.
const BEAT = `
  UPDATE watchdog SET next_at = CASE WHEN version = :version AND next_at = :seenAt THEN :nextAt END, last_beat_at = :at,
    last_status = NULL, last_error = NULL, faults = '[]'
  WHERE org = :org`;
const ENDED = `
  UPDATE watchdog SET next_at = coalesce(:nextAt, next_at), last_beat_at = coalesce(:at, last_beat_at), last_status = :status,
    last_error = :error, faults = '[]'
  WHERE org = :org AND version = :version`;
const HOLD = "UPDATE watchdog SET faults = :faults WHERE org = :org AND version = :version";
// Ride delivery_due and alert_group_due: what is due for so long is little, or else all is stuck.
const STUCK = `
  SELECT EXISTS (SELECT 1 FROM delivery WHERE next_attempt_at < :before AND +org = :org) AS deliveries,
    EXISTS (SELECT 1 FROM alert_group WHERE next_flush_at < :before AND +org = :org) AS groups`;
// Rides watchdog_due: one row an organisation.
const SELECT_DUE = "SELECT org FROM watchdog WHERE enabled = 1 AND org > :after AND next_at <= :now ORDER BY org LIMIT :limit";

const watchdogOf = (row: Row): WatchdogRecord => ({
  version: row["version"] as number,
  enabled: row["enabled"] === 1,
  everyMs: row["every_ms"] as number,
  target:
    row["channel"] === null
      ? { method: row["method"] as "GET" | "POST", sealed: row["sealed"] as string, shown: row["shown"] as string }
      : { channel: row["channel"] as ChannelId },
  updatedAt: row["updated_at"] as number,
  nextAt: row["next_at"] as number,
  lastBeatAt: row["last_beat_at"] as number | null,
  lastStatus: row["last_status"] as number | null,
  lastError: row["last_error"] as string | null,
  faults: JSON.parse(row["faults"] as string) as string[],
});

export function watchdogStore(database: Database, org: OrgId): WatchdogStore {
  return {
    async get() {
      const [row] = await database.read(SELECT, { org });
      return row === undefined ? null : watchdogOf(row);
    },
    async replace({ target, enabled, faults, ...record }) {
      const { channel = null, method = null, sealed = null, shown = null } = { ...target } as Partial<Record<string, string>>;
      const args = { ...record, org, channel, method, sealed, shown, enabled: enabled ? 1 : 0, faults: JSON.stringify(faults) };
      return unlessLost(() => database.write([{ sql: REPLACE, args }]));
    },
    async claim({ version, nextAt: seenAt }, nextAt) {
      const [result] = await database.write([{ sql: CLAIM, args: { org, version, seenAt, nextAt } }]);
      return result!.rowsAffected === 1;
    },
    beat: ({ version, nextAt: seenAt }, delivery, nextAt, at) =>
      unlessLost(() => database.write([{ sql: BEAT, args: { org, version, seenAt, nextAt, at } }, ...insertDelivery(org, delivery, at)])),
    async ended({ version }, result) {
      const { status } = result;
      const columns = result.ok ? { nextAt: result.nextAt, at: result.at, error: null } : { nextAt: null, at: null, error: result.error };
      await database.write([{ sql: ENDED, args: { org, version, status, ...columns } }]);
    },
    async hold({ version }, faults) {
      await database.write([{ sql: HOLD, args: { org, version, faults: JSON.stringify(faults) } }]);
    },
    async stuck(before) {
      const [row] = await database.read(STUCK, { org, before });
      return { deliveries: row!["deliveries"] === 1, groups: row!["groups"] === 1 };
    },
  };
}

export const watchdogsDue = (database: Database): WatchdogsDue => ({
  async due(now, after, limit) {
    return (await database.read(SELECT_DUE, { now, after, limit })).map((row) => row["org"] as OrgId);
  },
});
