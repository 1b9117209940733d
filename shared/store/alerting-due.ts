import type { ChannelId, DeliveryId, GroupId, OrgId } from "../contract/ids.ts";
import type { AlertingDue } from "../ports/alerting-due.ts";
import type { Database } from "./database.ts";

// What ticks and alarms look for across organisations.

// Rides rule_enabled, one step an organisation.
const SELECT_ORGS = `
  WITH RECURSIVE found (org) AS (
    SELECT min(org) FROM rule WHERE enabled = 1 AND org > :after
    UNION ALL
    SELECT (SELECT min(rule.org) FROM rule WHERE rule.enabled = 1 AND rule.org > found.org) FROM found WHERE found.org IS NOT NULL)
  SELECT org FROM found WHERE org IS NOT NULL LIMIT :limit`;
// Rides alert_group_due.
const SELECT_FLUSHES = "SELECT org, id FROM alert_group WHERE next_flush_at <= :now ORDER BY next_flush_at LIMIT :limit";
// Rides delivery_due.
const SELECT_DELIVERIES = `
  SELECT org, id, channel FROM (
    SELECT org, id, channel, next_attempt_at, row_number() OVER (PARTITION BY channel ORDER BY next_attempt_at) AS place
    FROM delivery WHERE next_attempt_at <= :now)
  WHERE place <= :ofChannel ORDER BY next_attempt_at LIMIT :most`;
// Rides both.
const SELECT_NEXT = `
  SELECT min(at) AS at FROM (
    SELECT min(next_flush_at) AS at FROM alert_group WHERE next_flush_at IS NOT NULL
    UNION ALL
    SELECT min(next_attempt_at) FROM delivery WHERE next_attempt_at IS NOT NULL)`;

// Rides delivery_done, then the primary keys of the alerts that it told.
const SELECT_OLD = `
  SELECT id, org FROM delivery
  WHERE next_attempt_at IS NULL AND created_at < :before AND NOT EXISTS (
    SELECT 1 FROM json_each(delivery.alerts) AS told CROSS JOIN alert ON alert.id = told.value WHERE alert.resolved_at IS NULL)
  ORDER BY created_at LIMIT :limit`;
// All ride primary keys, once for each delivery.
const FORGET_ATTEMPTS = `
  DELETE FROM delivery_attempt WHERE (org, delivery) IN (SELECT value ->> 'org', value ->> 'id' FROM json_each(:old))`;
const FORGET_FIRINGS = `
  DELETE FROM delivery_firing WHERE (org, channel, alert, delivery) IN (
    SELECT d.org, d.channel, told.value, d.id FROM json_each(:old) AS o CROSS JOIN delivery AS d ON d.id = o.value ->> 'id', json_each(d.alerts) AS told)`;
const FORGET_LABELS = `
  DELETE FROM told_labels WHERE (org, channel, alert) IN (
    SELECT d.org, d.channel, told.value FROM json_each(:old) AS o CROSS JOIN delivery AS d ON d.id = o.value ->> 'id', json_each(d.alerts) AS told)`;
const FORGET = "DELETE FROM delivery WHERE id IN (SELECT value ->> 'id' FROM json_each(:old)) AND next_attempt_at IS NULL";

export const alertingDue = (database: Database): AlertingDue => ({
  async orgsWithRules(after, limit) {
    return (await database.read(SELECT_ORGS, { after, limit })).map((row) => row["org"] as OrgId);
  },
  async flushes(now, limit) {
    const rows = await database.read(SELECT_FLUSHES, { now, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, id: row["id"] as GroupId }));
  },
  async deliveries(now, { most, ofChannel }) {
    const rows = await database.read(SELECT_DELIVERIES, { now, most, ofChannel });
    return rows.map((row) => ({ org: row["org"] as OrgId, id: row["id"] as DeliveryId, channel: row["channel"] as ChannelId }));
  },
  async forgetDeliveries(before, limit) {
    const rows = await database.read(SELECT_OLD, { before, limit });
    if (rows.length === 0) return 0;
    const old = JSON.stringify(rows.map((row) => ({ id: row["id"], org: row["org"] })));
    // A dead one that is replayed at this very moment loses its attempts so far, and no more.
    await database.write([FORGET_ATTEMPTS, FORGET_FIRINGS, FORGET_LABELS, FORGET].map((sql) => ({ sql, args: { old } })));
    return rows.length;
  },
  async nextAt() {
    const [row] = await database.read(SELECT_NEXT, {});
    return row!["at"] as number | null;
  },
});
