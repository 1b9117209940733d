import type { GroupId, OrgId } from "../contract/ids.ts";
import type { GroupState } from "../core/alert/flush.ts";
import type { GroupsStore } from "../ports/alerting.ts";
import { countNotification } from "./alerts.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { insertDelivery } from "./deliveries.ts";

const SELECT = "SELECT id, version, state FROM alert_group WHERE id = :id AND org = :org";
// A group that is at another version than it was loaded with gets NULL, which its column refuses: the whole batch fails.
const UPSERT = `
  INSERT INTO alert_group (id, org, version, state, next_flush_at)
  VALUES (:id, :org,
    CASE :version WHEN coalesce((SELECT version FROM alert_group WHERE id = :id AND org = :org), 0) THEN :version + 1 END,
    :state, :nextFlushAt)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, next_flush_at = excluded.next_flush_at
  WHERE alert_group.org = excluded.org`;

export function groupsStore(database: Database, org: OrgId): GroupsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      if (row === undefined) return null;
      return { id: row["id"] as GroupId, version: row["version"] as number, state: JSON.parse(row["state"] as string) as GroupState };
    },
    async save({ group: { id, version, state }, deliveries, notified, at }) {
      return unlessLost(() =>
        database.write([
          { sql: UPSERT, args: { id, org, version, state: JSON.stringify(state), nextFlushAt: state.nextFlushAt } },
          ...deliveries.flatMap((delivery) => insertDelivery(org, delivery, at)),
          ...(notified.length === 0 ? [] : [countNotification(org, notified, at)]),
        ]),
      );
    },
  };
}
