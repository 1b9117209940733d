import type { Row } from "@libsql/client";
import type { ConditionState, Evidence, ResolveReason } from "../contract/alert.ts";
import type { AlertId, InstanceId, OrgId, RuleId, SeriesId } from "../contract/ids.ts";
import type { Severity } from "../contract/rule.ts";
import type { Dimensions } from "../contract/series.ts";
import type { AlertRecord, AlertWrite } from "../core/alert/alert-record.ts";
import type { PastEpisode } from "../core/alert/related.ts";
import type { Acknowledgement, Episode } from "../core/alert/step.ts";
import { MAX_EARLIER, MAX_INSTANCES, MAX_OPEN_ALERTS } from "../ports/alerting.ts";
import type { AlertsStore, OpenAlert } from "../ports/alerting.ts";
import type { Database, Statement } from "./database.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";
import { wakeGroups } from "./wake-groups.ts";

// What people are told by a flush (the count, the time) and what holds it back is written by others, so an evaluation leaves it.
const UPSERT = `
  INSERT INTO alert (id, org, rule, rule_name, rule_version, instance, series, metric_key, dimensions, condition, severity, pending_at,
    started_at, resolved_at, reason, value, firing_value, acknowledged, acknowledged_until, notification_count, suppressed_by,
    labels, annotations, evidence)
  SELECT value ->> 'id', :org, value ->> 'rule', value ->> 'ruleName', value ->> 'ruleVersion', value ->> 'instance', value ->> '$.series.id',
    value ->> '$.series.metricKey', value -> '$.series.dimensions', value ->> 'condition', value ->> '$.episode.severity',
    value ->> '$.episode.pendingAt', value ->> '$.episode.startedAt', value ->> '$.episode.resolvedAt', value ->> '$.episode.reason',
    value ->> '$.episode.value', value ->> '$.episode.firingValue', nullif(value -> '$.episode.acknowledged', 'null'),
    value ->> '$.episode.acknowledged.until', 0, '[]', value -> 'labels', value -> 'annotations', value -> '$.episode.evidence'
  FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO UPDATE SET rule_name = excluded.rule_name, rule_version = excluded.rule_version, condition = excluded.condition,
    severity = excluded.severity, pending_at = excluded.pending_at, resolved_at = excluded.resolved_at, reason = excluded.reason, value = excluded.value,
    firing_value = excluded.firing_value, acknowledged = excluded.acknowledged, acknowledged_until = excluded.acknowledged_until, labels = excluded.labels,
    annotations = excluded.annotations, evidence = excluded.evidence
  WHERE alert.org = excluded.org`;
// Rides the primary key, once for each id: the + keeps the planner from going through the organisation instead.
const COUNT_NOTIFICATION = `
  UPDATE alert SET notification_count = notification_count + 1, last_notified_at = :at
  WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))`;
const SELECT = "SELECT * FROM alert WHERE id = :id AND org = :org";
// Rides the primary key, once for each id, which CROSS sees to; not limited: the caller's list bounds it.
const SELECT_MANY = "SELECT a.* FROM json_each(:ids) AS ids CROSS JOIN alert AS a ON a.id = ids.value AND a.org = :org";
// Rides alert_rule_open.
const SELECT_OPEN_OF_RULE = "SELECT * FROM alert WHERE org = :org AND rule = :rule AND resolved_at IS NULL LIMIT :limit";
// Rides alert_rule.
const SELECT_STARTED_OF_RULE = `
  SELECT id, instance, started_at, resolved_at FROM alert WHERE org = :org AND rule = :rule AND started_at >= :from AND started_at < :to
  ORDER BY started_at DESC, id DESC LIMIT :limit`;
// Both ride alert_rule_open, which MAX_INSTANCES bounds.
const COUNT_OPEN_OF_RULE = "SELECT count(*) AS alerts FROM alert WHERE org = :org AND rule = :rule AND resolved_at IS NULL";
const SELECT_OPEN_DIMENSIONS = `
  SELECT d.key AS name, d.value AS value, count(*) AS alerts FROM alert AS a CROSS JOIN json_each(a.dimensions) AS d
  WHERE a.org = :org AND a.rule = :rule AND a.resolved_at IS NULL
  GROUP BY d.key, d.value ORDER BY alerts DESC, d.key, d.value LIMIT :limit`;
// Rides alert_open.
const SELECT_OPEN = `
  SELECT id, rule, rule_name, metric_key, dimensions, severity, labels, suppressed_by FROM alert
  WHERE org = :org AND resolved_at IS NULL ORDER BY started_at, id LIMIT :limit`;
// Rides the primary key, once for each id, as COUNT_NOTIFICATION.
const SUPPRESS = `
  UPDATE alert SET suppressed_by = (SELECT value -> 'suppressedBy' FROM json_each(:rows) WHERE value ->> 'id' = alert.id)
  WHERE +org = :org AND id IN (SELECT value ->> 'id' FROM json_each(:rows))`;
// As alertStatus decides.
const STATUS = `
  CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN suppressed_by <> '[]' THEN 'suppressed'
    WHEN acknowledged IS NOT NULL AND (acknowledged_until IS NULL OR acknowledged_until > :now) THEN 'acknowledged' ELSE 'firing' END`;
const SELECT_PAGE = (which: string) => `
  SELECT * FROM alert WHERE org = :org AND (started_at, id) < (:before, :beforeId) ${which}
    AND (:status IS NULL OR :status = ${STATUS}) AND (:rule IS NULL OR rule = :rule) AND (:series IS NULL OR series = :series)
    AND (:severity IS NULL OR severity = :severity) AND (:metricKey IS NULL OR metric_key = :metricKey)
  ORDER BY started_at DESC, id DESC LIMIT :limit`;
// Rides alert_started.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides alert_open.
const SELECT_PAGE_OF_OPEN = SELECT_PAGE("AND resolved_at IS NULL");
// Rides alert_rule.
const SELECT_PAGE_OF_RULE = SELECT_PAGE("AND rule = :rule");

/** Writes episodes as evaluations of their rules left them. */
export const upsertAlerts = (org: OrgId, alerts: readonly (AlertWrite & { readonly ruleVersion: number })[]): Statement => ({
  sql: UPSERT,
  args: { org, rows: JSON.stringify(alerts) },
});

/** Counts one notification more for each of some episodes. */
export const countNotification = (org: OrgId, ids: readonly AlertId[], at: number): Statement => ({
  sql: COUNT_NOTIFICATION,
  args: { org, ids: JSON.stringify(ids), at },
});

/** The statement looks through its rows once for each of them. */
const SUPPRESSED_AT_ONCE = 100;

const json = (row: Row, column: string): unknown => JSON.parse(row[column] as string);

/** The episode of a row of alerts. */
export const episodeOf = (row: Row): Episode => ({
  id: row["id"] as AlertId,
  pendingAt: row["pending_at"] as number,
  startedAt: row["started_at"] as number,
  severity: row["severity"] as Severity,
  value: row["value"] as number | null,
  firingValue: row["firing_value"] as number | null,
  evidence: json(row, "evidence") as Evidence,
  acknowledged: row["acknowledged"] === null ? null : (json(row, "acknowledged") as Acknowledgement),
  resolvedAt: row["resolved_at"] as number | null,
  reason: row["reason"] as ResolveReason | null,
});

const alertOf = (row: Row): AlertRecord => ({
  id: row["id"] as AlertId,
  instance: row["instance"] as InstanceId,
  rule: row["rule"] as RuleId,
  ruleName: row["rule_name"] as string,
  series: { id: row["series"] as SeriesId, metricKey: row["metric_key"] as string, dimensions: json(row, "dimensions") as Dimensions },
  condition: row["condition"] as ConditionState,
  episode: episodeOf(row),
  notificationCount: row["notification_count"] as number,
  lastNotifiedAt: row["last_notified_at"] as number | null,
  suppressedBy: json(row, "suppressed_by") as string[],
  labels: json(row, "labels") as Record<string, string>,
  annotations: json(row, "annotations") as Record<string, string>,
});

const pastOf = (row: Row): PastEpisode => ({
  id: row["id"] as AlertId,
  instance: row["instance"] as InstanceId,
  startedAt: row["started_at"] as number,
  resolvedAt: row["resolved_at"] as number | null,
});

const openOf = (row: Row): OpenAlert => ({
  id: row["id"] as AlertId,
  rule: row["rule"] as RuleId,
  ruleName: row["rule_name"] as string,
  series: { metricKey: row["metric_key"] as string, dimensions: json(row, "dimensions") as Dimensions },
  severity: row["severity"] as Severity,
  labels: json(row, "labels") as Record<string, string>,
  suppressedBy: json(row, "suppressed_by") as string[],
});

export function alertsStore(database: Database, org: OrgId): AlertsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : alertOf(row);
    },
    async getMany(ids) {
      return (await database.read(SELECT_MANY, { org, ids: JSON.stringify(ids) })).map(alertOf);
    },
    async list({ status, rule, series, severity, metricKey }, { limit, cursor }, now) {
      const open = status !== undefined && status !== "resolved";
      const sql = rule !== undefined ? SELECT_PAGE_OF_RULE : open ? SELECT_PAGE_OF_OPEN : SELECT_PAGE_OF_ALL;
      const rows = await database.read(sql, {
        org,
        now,
        ...parseTimeCursor(cursor),
        status: status ?? null,
        rule: rule ?? null,
        series: series ?? null,
        severity: severity ?? null,
        metricKey: metricKey ?? null,
        limit: limit + 1,
      });
      return pageOf(rows.map(alertOf), limit, ({ episode, id }) => timeCursor(episode.startedAt, id));
    },
    async openOfRule(rule) {
      return (await database.read(SELECT_OPEN_OF_RULE, { org, rule, limit: MAX_INSTANCES })).map(alertOf);
    },
    async startedOfRule(rule, { from, to }) {
      const rows = await database.read(SELECT_STARTED_OF_RULE, { org, rule, from, to, limit: MAX_EARLIER });
      return rows.map(pastOf);
    },
    async openDimensions(rule, limit) {
      const [[counted], rows] = [
        await database.read(COUNT_OPEN_OF_RULE, { org, rule }),
        await database.read(SELECT_OPEN_DIMENSIONS, { org, rule, limit }),
      ];
      const dimensions = rows.map((row) => ({
        name: row["name"] as string,
        value: row["value"] as string,
        alerts: row["alerts"] as number,
      }));
      return { alerts: counted!["alerts"] as number, dimensions };
    },
    async open() {
      return (await database.read(SELECT_OPEN, { org, limit: MAX_OPEN_ALERTS })).map(openOf);
    },
    async suppress(changes, { at, except }) {
      for (let start = 0; start < changes.length; start += SUPPRESSED_AT_ONCE) {
        const some = changes.slice(start, start + SUPPRESSED_AT_ONCE).map(({ id, suppressedBy }) => ({ id, suppressedBy }));
        const shown = some.filter(({ suppressedBy }) => suppressedBy.length === 0).map(({ id }) => id);
        await database.write([
          { sql: SUPPRESS, args: { org, rows: JSON.stringify(some) } },
          ...(shown.length === 0 ? [] : [wakeGroups(org, shown, at, except)]),
        ]);
      }
    },
  };
}
