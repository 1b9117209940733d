import type { AlertId, ChannelId, OrgId } from "../contract/ids.ts";
import type { ToldLabelsStore } from "../ports/told-labels.ts";
import type { Database, Statement } from "./database.ts";

// All ride the primary key, once for each alert.
const SELECT = `
  SELECT t.alert, t.labels FROM json_each(:alerts) AS wanted
  CROSS JOIN told_labels AS t ON t.org = :org AND t.channel = :channel AND t.alert = wanted.value`;
const INSERT = `
  INSERT INTO told_labels (org, channel, alert, labels) SELECT :org, :channel, value ->> 'alert', value ->> 'labels' FROM json_each(:told)
  WHERE true ON CONFLICT DO NOTHING`;
const DELETE = `
  DELETE FROM told_labels WHERE (org, channel, alert, labels) IN (
    SELECT :org, :channel, value ->> 'alert', value ->> 'labels' FROM json_each(:told))`;
const DELETE_OF_CHANNEL = "DELETE FROM told_labels WHERE org = :org AND channel = :channel";

export const forgetToldLabels = (org: OrgId, channel: ChannelId): Statement => ({ sql: DELETE_OF_CHANNEL, args: { org, channel } });

export function toldLabelsStore(database: Database, org: OrgId): ToldLabelsStore {
  return {
    async of(channel, alerts) {
      const rows = await database.read(SELECT, { org, channel, alerts: JSON.stringify(alerts) });
      return rows.map((row) => ({ alert: row["alert"] as AlertId, labels: row["labels"] as string }));
    },
    async insert(channel, told) {
      await database.write([{ sql: INSERT, args: { org, channel, told: JSON.stringify(told) } }]);
    },
    async remove(channel, told) {
      await database.write([{ sql: DELETE, args: { org, channel, told: JSON.stringify(told) } }]);
    },
  };
}
