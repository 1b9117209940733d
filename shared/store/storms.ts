import type { ChannelId, OrgId } from "../contract/ids.ts";
import { stormOverAt } from "../core/alert/storm.ts";
import type { Storm } from "../core/alert/storm.ts";
import type { StormRecord, StormsDue, StormsStore } from "../ports/storms.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { insertDelivery } from "./deliveries.ts";

// Rides the primary key, once for each channel.
const SELECT = `
  SELECT s.* FROM json_each(:channels) AS wanted CROSS JOIN channel_storm AS s ON s.channel = wanted.value WHERE s.org = :org`;
// Rides channel_storm_over.
const SELECT_OVER = "SELECT org, channel FROM channel_storm WHERE over_at <= :now ORDER BY over_at LIMIT :limit";
// What is at another version than it was loaded with gets NULL, which its column refuses: the whole batch fails.
const UPSERT = `
  INSERT INTO channel_storm (channel, org, version, state, over_at)
  VALUES (:channel, :org,
    CASE :version WHEN coalesce((SELECT version FROM channel_storm WHERE channel = :channel AND org = :org), 0) THEN :version + 1 END,
    :state, :overAt)
  ON CONFLICT (channel) DO UPDATE SET version = excluded.version, state = excluded.state, over_at = excluded.over_at
  WHERE channel_storm.org = excluded.org`;
// Rides the primary key.
const DELETE = "DELETE FROM channel_storm WHERE channel = :channel AND org = :org";

/** Writes what is kept of a channel over the version it was loaded with. */
export const upsertStorm = (org: OrgId, { channel, version, state }: StormRecord): Statement => ({
  sql: UPSERT,
  args: { org, channel, version, state: JSON.stringify(state), overAt: stormOverAt(state) },
});

export const deleteStorm = (org: OrgId, channel: ChannelId): Statement => ({ sql: DELETE, args: { org, channel } });

export function stormsStore(database: Database, org: OrgId): StormsStore {
  return {
    async ofChannels(channels) {
      const rows = await database.read(SELECT, { org, channels: JSON.stringify(channels) });
      return rows.map((row) => ({
        channel: row["channel"] as ChannelId,
        version: row["version"] as number,
        state: JSON.parse(row["state"] as string) as Storm,
      }));
    },
    end: (storm, deliveries, at) =>
      unlessLost(() => database.write([upsertStorm(org, storm), ...deliveries.flatMap((delivery) => insertDelivery(org, delivery, at))])),
  };
}

export const stormsDue = (database: Database): StormsDue => ({
  async over(now, limit) {
    const rows = await database.read(SELECT_OVER, { now, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, channel: row["channel"] as ChannelId }));
  },
});
