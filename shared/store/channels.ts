import type { Row } from "@libsql/client";
import type { ChannelKind } from "../contract/channel.ts";
import { ChannelId } from "../contract/ids.ts";
import type { OrgId } from "../contract/ids.ts";
import { MAX_CHANNELS } from "../ports/alerting.ts";
import type { ChannelRecord, ChannelsStore } from "../ports/alerting.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { killDeliveries } from "./deliveries.ts";
import { keepChannel, keepDeletion } from "./history.ts";
import { afterId, pageOf } from "./page.ts";
import { deleteStorm } from "./storms.ts";
import { forgetToldLabels } from "./told-labels.ts";

// Rides the primary key.
const SELECT = "SELECT * FROM channel WHERE id = :id AND org = :org";
// Rides channel_org.
const SELECT_PAGE = "SELECT * FROM channel WHERE org = :org AND id > :after ORDER BY id LIMIT :limit";
const SELECT_ENABLED = `
  SELECT * FROM channel WHERE org = :org AND (enabled = 1 OR (disabled_reason IS NOT NULL AND fallback IS NOT NULL))
  ORDER BY id LIMIT :limit`;
// Counts on channel_org: at most MAX_CHANNELS of them.
const INSERT = `
  INSERT INTO channel (id, org, version, name, kind, shown, sealed, enabled, disabled_reason, fallback, storm_limit, created_at,
    updated_at)
  SELECT :id, :org, :version, :name, :kind, :shown, :sealed, :enabled, :disabledReason, :fallback, :stormLimit, :createdAt, :updatedAt
  WHERE (SELECT count(*) FROM channel WHERE org = :org) < :most`;
const REPLACE = `
  UPDATE channel SET version = :version, name = :name, kind = :kind, shown = :shown, sealed = :sealed, enabled = :enabled,
    disabled_reason = :disabledReason, fallback = :fallback, storm_limit = :stormLimit, created_at = :createdAt, updated_at = :updatedAt
  WHERE id = :id AND org = :org AND version = :version - 1`;
// A channel that is at another version gets NULL, which its column refuses: the whole batch fails.
const REQUIRE_VERSION = `
  UPDATE channel SET version = CASE WHEN version = :version THEN version END WHERE id = :id AND org = :org`;
const DELETE = "DELETE FROM channel WHERE id = :id AND org = :org";
const DISABLE = `
  UPDATE channel SET version = version + 1, enabled = 0, disabled_reason = :reason, updated_at = :at
  WHERE id = :id AND org = :org AND enabled = 1`;
// Of the waiting each gets a time of its own. A next turn that is too far off was set by a clock that was wrong.
const TAKE_TURN = `
  INSERT INTO channel_pace (channel, org, next_at, line_at, taken) VALUES (:id, :org, :now + :gapMs, :now + :gapMs, 1)
  ON CONFLICT (channel) DO UPDATE SET
    taken = next_at <= :now OR next_at > :now + :mostMs,
    next_at = iif(next_at <= :now OR next_at > :now + :mostMs, :now + :gapMs, next_at),
    line_at = iif(next_at <= :now OR next_at > :now + :mostMs, min(max(line_at, :now), :now + :mostMs), min(max(line_at, next_at), :now + :mostMs)) + :gapMs
  WHERE channel_pace.org = excluded.org
  RETURNING taken, line_at`;
const DELETE_PACE = "DELETE FROM channel_pace WHERE channel = :id AND org = :org";

const DELETED = "The channel was deleted.";

const channelOf = (row: Row): ChannelRecord => ({
  id: row["id"] as ChannelId,
  version: row["version"] as number,
  name: row["name"] as string,
  kind: row["kind"] as ChannelKind,
  shown: JSON.parse(row["shown"] as string) as Record<string, string>,
  sealed: row["sealed"] as string,
  enabled: row["enabled"] === 1,
  disabledReason: row["disabled_reason"] as string | null,
  fallback: row["fallback"] as ChannelId | null,
  stormLimit: row["storm_limit"] as number,
  createdAt: row["created_at"] as number,
  updatedAt: row["updated_at"] as number,
});

const columnsOf = (org: OrgId, { shown, enabled, ...columns }: ChannelRecord) => ({
  ...columns,
  org,
  shown: JSON.stringify(shown),
  enabled: enabled ? 1 : 0,
});

export function channelsStore(database: Database, org: OrgId): ChannelsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : channelOf(row);
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, after: afterId(ChannelId, cursor), limit: limit + 1 });
      return pageOf(rows.map(channelOf), limit, ({ id }) => id);
    },
    async enabled() {
      return (await database.read(SELECT_ENABLED, { org, limit: MAX_CHANNELS })).map(channelOf);
    },
    async insert(channel, actor = null) {
      const args = { ...columnsOf(org, channel), most: MAX_CHANNELS };
      const [result] = await database.write([{ sql: INSERT, args }, ...keepChannel(org, channel.id, actor)]);
      return result!.rowsAffected === 1;
    },
    async replace(channel, actor = null) {
      const replace = { sql: REPLACE, args: columnsOf(org, channel) };
      const [result] = await database.write([replace, ...keepChannel(org, channel.id, actor)]);
      return result!.rowsAffected === 1;
    },
    async remove(id, version, by) {
      return unlessLost(() =>
        database.write([
          { sql: REQUIRE_VERSION, args: { org, id, version } },
          ...(by === undefined ? [] : keepDeletion(org, { id, version, ...by })),
          { sql: DELETE, args: { org, id } },
          { sql: DELETE_PACE, args: { org, id } },
          deleteStorm(org, id),
          forgetToldLabels(org, id),
          killDeliveries(org, id, DELETED),
        ]),
      );
    },
    async takeTurn(id, { gapMs, mostMs, now }) {
      const [result] = await database.write([{ sql: TAKE_TURN, args: { org, id, gapMs, mostMs, now } }]);
      const row = result!.rows[0];
      return row === undefined || row["taken"] === 1 ? null : (row["line_at"] as number) - gapMs;
    },
    async disable(id, reason, at) {
      await database.write([{ sql: DISABLE, args: { org, id, reason, at } }, ...keepChannel(org, id, null)]);
    },
  };
}
