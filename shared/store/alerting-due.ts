import type { DeliveryId, GroupId, OrgId } from "../contract/ids.ts";
import type { AlertingDue } from "../ports/alerting.ts";
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
const SELECT_DELIVERIES = "SELECT org, id FROM delivery WHERE next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :limit";
// Rides both.
const SELECT_NEXT = `
  SELECT min(at) AS at FROM (
    SELECT min(next_flush_at) AS at FROM alert_group WHERE next_flush_at IS NOT NULL
    UNION ALL
    SELECT min(next_attempt_at) FROM delivery WHERE next_attempt_at IS NOT NULL)`;

export const alertingDue = (database: Database): AlertingDue => ({
  async orgsWithRules(after, limit) {
    return (await database.read(SELECT_ORGS, { after, limit })).map((row) => row["org"] as OrgId);
  },
  async flushes(now, limit) {
    const rows = await database.read(SELECT_FLUSHES, { now, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, id: row["id"] as GroupId }));
  },
  async deliveries(now, limit) {
    const rows = await database.read(SELECT_DELIVERIES, { now, limit });
    return rows.map((row) => ({ org: row["org"] as OrgId, id: row["id"] as DeliveryId }));
  },
  async nextAt() {
    const [row] = await database.read(SELECT_NEXT, {});
    return row!["at"] as number | null;
  },
});
