import type { Row } from "@libsql/client";
import type { GroupId, OrgId } from "../contract/ids.ts";
import type { GroupState } from "../core/alert/group.ts";
import type { GroupRecord, GroupsStore } from "../ports/alerting.ts";
import { countNotification } from "./alerts.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { insertDelivery } from "./deliveries.ts";
import { upsertStorm } from "./storms.ts";
import { wakeAllGroups } from "./wake-groups.ts";

const SELECT = "SELECT * FROM alert_group WHERE id = :id AND org = :org";
// Rides the primary keys of both: few groups have one alert.
const SELECT_OF_ALERTS = `
  SELECT g.* FROM (
    SELECT DISTINCT m."group" AS id FROM json_each(:alerts) AS asked CROSS JOIN alert_group_member AS m ON m.org = :org AND m.alert = asked.value
  ) AS found CROSS JOIN alert_group AS g ON g.id = found.id AND g.org = :org`;
// A group that is at another version than it was loaded with gets NULL, which its column refuses: the whole batch fails.
const UPSERT = `
  INSERT INTO alert_group (id, org, route, labels, version, state, next_flush_at)
  VALUES (:id, :org, :route, :labels,
    CASE :version WHEN coalesce((SELECT version FROM alert_group WHERE id = :id AND org = :org), 0) THEN :version + 1 END,
    :state, :nextFlushAt)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, next_flush_at = excluded.next_flush_at
  WHERE alert_group.org = excluded.org`;
// Rides alert_group_member_group.
const LEAVE = `
  DELETE FROM alert_group_member WHERE org = :org AND "group" = :id AND alert NOT IN (SELECT value FROM json_each(:alerts))`;
const JOIN = `
  INSERT INTO alert_group_member (org, alert, "group") SELECT :org, value, :id FROM json_each(:alerts) WHERE true
  ON CONFLICT DO NOTHING`;
const groupOf = (row: Row): GroupRecord => ({
  id: row["id"] as GroupId,
  route: row["route"] as string,
  labels: JSON.parse(row["labels"] as string) as Record<string, string>,
  version: row["version"] as number,
  state: JSON.parse(row["state"] as string) as GroupState,
});

/** Writes a group over the version it was loaded with, and which alerts are in it. */
function upsert(org: OrgId, { id, route, labels, version, state }: GroupRecord): Statement[] {
  const args = { org, id, alerts: JSON.stringify(Object.keys(state.members)) };
  return [
    {
      sql: UPSERT,
      args: { id, org, route, labels: JSON.stringify(labels), version, state: JSON.stringify(state), nextFlushAt: state.nextFlushAt },
    },
    { sql: LEAVE, args },
    { sql: JOIN, args },
  ];
}

export function groupsStore(database: Database, org: OrgId): GroupsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : groupOf(row);
    },
    async ofAlerts(alerts) {
      return (await database.read(SELECT_OF_ALERTS, { org, alerts: JSON.stringify(alerts) })).map(groupOf);
    },
    async save({ group, deliveries, notified, storms = [], at }) {
      return unlessLost(() =>
        database.write([
          ...upsert(org, group),
          ...storms.map((storm) => upsertStorm(org, storm)),
          ...deliveries.flatMap((delivery) => insertDelivery(org, delivery, at)),
          ...(notified.length === 0 ? [] : [countNotification(org, notified, at)]),
        ]),
      );
    },
    saveAll: (groups) => unlessLost(() => database.write(groups.flatMap((group) => upsert(org, group)))),
    async wakeAll(at) {
      await database.write([wakeAllGroups(org, at)]);
    },
  };
}
