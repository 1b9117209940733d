import type { Row } from "@libsql/client";
import type { Actor } from "../contract/actor.ts";
import type { ConditionState, DataQuality, Evidence, ResolveReason } from "../contract/alert.ts";
import { CommentId } from "../contract/ids.ts";
import type { AlertId, InstanceId, OrgId, RuleId, SeriesId } from "../contract/ids.ts";
import { MOST_INSTANCES } from "../contract/rule.ts";
import type { Severity } from "../contract/rule.ts";
import type { Dimensions } from "../contract/series.ts";
import type { AlertRecord, AlertWrite, Assignment } from "../core/alert/alert-record.ts";
import type { Flapping } from "../core/alert/flapping.ts";
import { FIRED_BEFORE_MS } from "../core/alert/past-suppression.ts";
import type { Labelled } from "../core/alert/policies.ts";
import type { PastEpisode } from "../core/alert/related.ts";
import type { Acknowledgement, Episode } from "../core/alert/step.ts";
import { MAX_COMMENTS, MAX_EARLIER, MAX_OPEN_ALERTS } from "../ports/alerting.ts";
import type { AlertsStore, CommentRecord, OpenAlert, TransitionRecord } from "../ports/alerting.ts";
import type { Database, Statement } from "./database.ts";
import { pageOfMatching, placeBefore, timeCursor } from "./newest-first.ts";
import { afterId, pageOf, wrongCursor } from "./page.ts";
import { wakeGroups } from "./wake-groups.ts";

// What people are told by a flush (the count, the time) and what holds it back is written by others, so an evaluation leaves it.
const UPSERT = `
  INSERT INTO alert (id, org, rule, rule_name, rule_version, instance, series, metric_key, dimensions, condition, severity, pending_at,
    started_at, resolved_at, reason, value, firing_value, acknowledged, acknowledged_until, notification_count, suppressed_by,
    labels, annotations, evidence)
  SELECT value ->> 'id', :org, value ->> 'rule', value ->> 'ruleName', value ->> 'ruleVersion', value ->> 'instance', coalesce(value ->> '$.series.id', ''),
    coalesce(value ->> '$.series.metricKey', ''), coalesce(value -> '$.series.dimensions', '{}'), value ->> 'condition', value ->> '$.episode.severity',
    value ->> '$.episode.pendingAt', value ->> '$.episode.startedAt', value ->> '$.episode.resolvedAt', value ->> '$.episode.reason',
    value ->> '$.episode.value', value ->> '$.episode.firingValue', nullif(value -> '$.episode.acknowledged', 'null'),
    value ->> '$.episode.acknowledged.until', 0, '[]', value -> 'labels', value -> 'annotations', value -> '$.episode.evidence'
  FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO UPDATE SET rule_name = excluded.rule_name, rule_version = excluded.rule_version, condition = excluded.condition,
    severity = excluded.severity, pending_at = excluded.pending_at, resolved_at = excluded.resolved_at, reason = excluded.reason, value = excluded.value,
    firing_value = excluded.firing_value, acknowledged = excluded.acknowledged, acknowledged_until = excluded.acknowledged_until, labels = excluded.labels,
    annotations = excluded.annotations, evidence = excluded.evidence
  WHERE alert.org = excluded.org`;
// How its instance flaps now: rides the primary key of the instances, once for each alert.
const FLAPPING = "(SELECT i.state -> '$.flapping' FROM rule_instance AS i WHERE i.id = alert.instance AND i.org = alert.org) AS flapping";
// What an alert shows of its instance: the quality of its data as long as it is open, too.
const OF_INSTANCE = `${FLAPPING}, CASE WHEN resolved_at IS NULL
  THEN (SELECT i.state ->> 'data' FROM rule_instance AS i WHERE i.id = alert.instance AND i.org = alert.org) END AS data_quality`;
// Rides the primary key, once for each id: the + keeps the planner from going through the organisation instead.
const COUNT_NOTIFICATION = `
  UPDATE alert SET notification_count = notification_count + 1, last_notified_at = :at
  WHERE +org = :org AND id IN (SELECT value FROM json_each(:ids))`;
const SELECT = `SELECT *, ${OF_INSTANCE} FROM alert WHERE id = :id AND org = :org`;
// Rides the primary key, once for each id, which CROSS sees to; not limited: the caller's list bounds it.
const SELECT_MANY = `SELECT alert.*, ${OF_INSTANCE} FROM json_each(:ids) AS ids CROSS JOIN alert ON alert.id = ids.value AND alert.org = :org`;
// Rides alert_rule_open.
const SELECT_OPEN_OF_RULE = `SELECT *, ${OF_INSTANCE} FROM alert WHERE org = :org AND rule = :rule AND resolved_at IS NULL LIMIT :limit`;
// Rides alert_instance, once for each instance.
const SELECT_OPEN_OF_INSTANCES = `
  SELECT a.id FROM json_each(:instances) AS asked
  CROSS JOIN alert AS a ON a.org = :org AND a.instance = asked.value AND a.resolved_at IS NULL`;
// Rides alert_rule.
const SELECT_STARTED_OF_RULE = `
  SELECT id, instance, started_at, resolved_at, reason FROM alert WHERE org = :org AND rule = :rule AND started_at >= :from AND started_at < :to
  ORDER BY started_at DESC, id DESC LIMIT :limit`;
// Both ride alert_rule_open, which MOST_INSTANCES bounds.
const COUNT_OPEN_OF_RULE = "SELECT count(*) AS alerts FROM alert WHERE org = :org AND rule = :rule AND resolved_at IS NULL";
const SELECT_OPEN_DIMENSIONS = `
  SELECT d.key AS name, d.value AS value, count(*) AS alerts FROM alert AS a CROSS JOIN json_each(a.dimensions) AS d
  WHERE a.org = :org AND a.rule = :rule AND a.resolved_at IS NULL
  GROUP BY d.key, d.value ORDER BY alerts DESC, d.key, d.value LIMIT :limit`;
// Rides rule_instance_watching, which MOST_INSTANCES bounds.
const COUNT_WATCHED = "SELECT count(*) AS series FROM rule_instance WHERE org = :org AND rule = :rule AND metric_key IS NOT NULL";
// Rides rule_instance_series, which MOST_INSTANCES bounds.
const SELECT_WATCHED_DIMENSIONS = `
  SELECT d.key AS name, d.value AS value, count(*) AS series FROM rule_instance AS i CROSS JOIN json_each(i.dimensions) AS d
  WHERE i.org = :org AND i.rule = :rule AND (d.key, d.value) IN (SELECT value ->> 'name', value ->> 'value' FROM json_each(:dimensions))
  GROUP BY d.key, d.value`;
// Rides alert_open.
const SELECT_OPEN = `
  SELECT id, rule, rule_name, series, metric_key, dimensions, severity, labels, suppressed_by, ${FLAPPING} FROM alert
  WHERE org = :org AND resolved_at IS NULL ORDER BY started_at, id LIMIT :limit`;
// Rides alert_started.
const SELECT_FIRED = `
  SELECT id, rule, rule_name, metric_key, dimensions, severity, labels, started_at, resolved_at FROM alert
  WHERE org = :org AND started_at >= :earliest AND started_at < :to AND (resolved_at IS NULL OR resolved_at > :from)
  ORDER BY started_at DESC, id DESC LIMIT :limit`;
// Rides the primary key, once for each id, as COUNT_NOTIFICATION.
const SUPPRESS = `
  UPDATE alert SET suppressed_by = (SELECT value -> 'suppressedBy' FROM json_each(:rows) WHERE value ->> 'id' = alert.id)
  WHERE +org = :org AND id IN (SELECT value ->> 'id' FROM json_each(:rows))`;
// As alertStatus decides.
const STATUS = `
  CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN suppressed_by <> '[]' THEN 'suppressed'
    WHEN acknowledged IS NOT NULL AND (acknowledged_until IS NULL OR acknowledged_until > :now) THEN 'acknowledged' ELSE 'firing' END`;
const SELECT_PAGE = (which: string) => `
  SELECT *, ${OF_INSTANCE} FROM alert WHERE org = :org AND (started_at, id) < (:before, :beforeId) ${which}
    AND (:status IS NULL OR ${STATUS} IN (SELECT value FROM json_each(:status))) AND (:rule IS NULL OR rule = :rule) AND (:series IS NULL OR series = :series)
    AND (:severity IS NULL OR severity = :severity) AND (:metricKey IS NULL OR metric_key = :metricKey)
    AND (:assignee IS NULL OR :assignee IN (assignee ->> '$.to.id', assignee ->> '$.to.name'))
    AND (:unassigned = 0 OR assignee IS NULL) AND started_at >= :from
  ORDER BY started_at DESC, id DESC LIMIT :limit`;
// Rides alert_started.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides alert_open.
const SELECT_PAGE_OF_OPEN = SELECT_PAGE("AND resolved_at IS NULL");
// Rides alert_rule.
const SELECT_PAGE_OF_RULE = SELECT_PAGE("AND rule = :rule");

const ASSIGN = "UPDATE alert SET assignee = :assignment WHERE id = :id AND org = :org";
// Counts on alert_comment_alert: at most MAX_COMMENTS of them.
const INSERT_COMMENT = `
  INSERT INTO alert_comment (id, org, alert, at, actor, act, text)
  SELECT :id, :org, :alert, :at, :actor, :act, :text
  WHERE EXISTS (SELECT 1 FROM alert WHERE id = :alert AND org = :org)
    AND (SELECT count(*) FROM alert_comment WHERE org = :org AND alert = :alert) < :most`;
// Both ride alert_comment_alert.
const SELECT_COMMENTS = `
  SELECT * FROM alert_comment WHERE org = :org AND alert = :alert AND id > :after ORDER BY id LIMIT :limit`;
const SELECT_NEWEST_COMMENTS = "SELECT * FROM alert_comment WHERE org = :org AND alert = :alert ORDER BY id DESC LIMIT :limit";
// Rides alert_comment_alert, once for each id; not limited: the caller's list bounds it.
const SELECT_NEWEST_NOTES = `
  SELECT c.alert, c.text FROM json_each(:ids) AS ids CROSS JOIN alert_comment AS c ON c.org = :org AND c.alert = ids.value
    AND c.id = (SELECT id FROM alert_comment WHERE org = :org AND alert = ids.value ORDER BY id DESC LIMIT 1)`;
// Rides alert_transition_instance. What the condition did before and after is another alert's.
const SELECT_TRANSITIONS = `
  SELECT * FROM alert_transition
  WHERE org = :org AND instance = :instance AND (at, seq) > (:after, :afterSeq) AND at >= :pendingAt
    AND (alert = :alert OR (alert IS NULL AND at <= :end))
  ORDER BY at, seq LIMIT :limit`;

/** One for each instance, and for each thing that may be wrong with the rule itself. */
const MOST_OPEN_OF_RULE = MOST_INSTANCES + 2;

/** Stores what somebody wrote about an alert of the organisation. */
export const insertComment = (org: OrgId, { actor, ...comment }: CommentRecord): Statement => ({
  sql: INSERT_COMMENT,
  args: { org, ...comment, actor: JSON.stringify(actor), most: MAX_COMMENTS },
});

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

/** How the instance of an alert flaps: of what was over before, that is no matter. */
function flappingOf(row: Row): Pick<AlertRecord, "flapping"> {
  const flapping = row["flapping"] === null ? null : (json(row, "flapping") as Flapping | null);
  if (flapping === null || ((row["resolved_at"] as number | null) ?? Infinity) < flapping.since) return {};
  return { flapping: { from: flapping.from, since: flapping.since, isBegun: flapping.episode.id === row["id"] } };
}

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

/** null of an alert that is about none. */
const seriesOf = (row: Row): AlertRecord["series"] =>
  row["metric_key"] === ""
    ? null
    : {
        id: row["series"] === "" ? null : (row["series"] as SeriesId),
        metricKey: row["metric_key"] as string,
        dimensions: json(row, "dimensions") as Dimensions,
      };

const alertOf = (row: Row): AlertRecord => ({
  id: row["id"] as AlertId,
  instance: row["instance"] as InstanceId,
  rule: row["rule"] as RuleId,
  ruleName: row["rule_name"] as string,
  series: seriesOf(row),
  condition: row["condition"] as ConditionState,
  ...(row["data_quality"] === null ? {} : { dataQuality: row["data_quality"] as DataQuality }),
  episode: episodeOf(row),
  notificationCount: row["notification_count"] as number,
  lastNotifiedAt: row["last_notified_at"] as number | null,
  suppressedBy: json(row, "suppressed_by") as string[],
  assignment: row["assignee"] === null ? null : (json(row, "assignee") as Assignment),
  ...flappingOf(row),
  labels: json(row, "labels") as Record<string, string>,
  annotations: json(row, "annotations") as Record<string, string>,
});

const pastOf = (row: Row): PastEpisode => ({
  id: row["id"] as AlertId,
  instance: row["instance"] as InstanceId,
  startedAt: row["started_at"] as number,
  resolvedAt: row["resolved_at"] as number | null,
  reason: row["reason"] as ResolveReason | null,
});

const labelledOf = (row: Row): Labelled => ({
  id: row["id"] as AlertId,
  rule: row["rule"] as RuleId,
  ruleName: row["rule_name"] as string,
  series: seriesOf(row),
  severity: row["severity"] as Severity,
  labels: json(row, "labels") as Record<string, string>,
});

const openOf = (row: Row): OpenAlert => ({
  ...labelledOf(row),
  suppressedBy: json(row, "suppressed_by") as string[],
  isFlapping: row["flapping"] !== null,
});

const commentOf = (row: Row): CommentRecord => ({
  id: row["id"] as CommentId,
  alert: row["alert"] as AlertId,
  at: row["at"] as number,
  actor: json(row, "actor") as Actor,
  act: row["act"] as CommentRecord["act"],
  text: row["text"] as string,
});

const transitionOf = (row: Row): TransitionRecord => ({
  seq: row["seq"] as number,
  kind: row["kind"] as TransitionRecord["kind"],
  from: row["from_state"] as string | null,
  to: row["to_state"] as string,
  at: row["at"] as number,
  recordedAt: row["recorded_at"] as number,
  actor: row["actor"] === null ? null : (json(row, "actor") as Actor),
  reason: row["reason"] as string,
  ruleVersion: row["rule_version"] as number,
});

/** A time and a number of a row. */
const TRANSITION_CURSOR = /^\d{1,15}-\d{1,15}$/;

export function alertsStore(database: Database, org: OrgId): AlertsStore {
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : alertOf(row);
    },
    async getMany(ids) {
      return (await database.read(SELECT_MANY, { org, ids: JSON.stringify(ids) })).map(alertOf);
    },
    async list({ status, rule, series, severity, metricKey, assignee, from, to, matches }, { limit, cursor }, now) {
      const open = status !== undefined && !status.includes("resolved");
      const sql = rule !== undefined ? SELECT_PAGE_OF_RULE : open ? SELECT_PAGE_OF_OPEN : SELECT_PAGE_OF_ALL;
      const args = {
        org,
        now,
        status: status === undefined ? null : JSON.stringify(status),
        rule: rule ?? null,
        series: series ?? null,
        severity: severity ?? null,
        metricKey: metricKey ?? null,
        assignee: assignee ?? null,
        unassigned: assignee === null ? 1 : 0,
        from: from ?? 0,
      };
      const cursorOf = ({ episode, id }: AlertRecord) => timeCursor(episode.startedAt, id);
      const read = async (after: string | undefined, rows: number) => {
        return (await database.read(sql, { ...args, ...placeBefore(to, after), limit: rows })).map(alertOf);
      };
      if (matches === undefined) return pageOf(await read(cursor, limit + 1), limit, cursorOf);
      return pageOfMatching(read, matches, { limit, cursor }, cursorOf);
    },
    async openOfRule(rule) {
      return (await database.read(SELECT_OPEN_OF_RULE, { org, rule, limit: MOST_OPEN_OF_RULE })).map(alertOf);
    },
    async openOfInstances(instances) {
      const rows = await database.read(SELECT_OPEN_OF_INSTANCES, { org, instances: JSON.stringify(instances) });
      return rows.map((row) => row["id"] as AlertId);
    },
    async startedOfRule(rule, { from, to }) {
      const rows = await database.read(SELECT_STARTED_OF_RULE, { org, rule, from, to, limit: MAX_EARLIER });
      return rows.map(pastOf);
    },
    async openDimensions(rule, limit) {
      const [[counted], rows] = await Promise.all([
        database.read(COUNT_OPEN_OF_RULE, { org, rule }),
        database.read(SELECT_OPEN_DIMENSIONS, { org, rule, limit }),
      ]);
      const dimensions = rows.map((row) => ({
        name: row["name"] as string,
        value: row["value"] as string,
        alerts: row["alerts"] as number,
      }));
      return { alerts: counted!["alerts"] as number, dimensions };
    },
    async watchedDimensions(rule, asked) {
      const named = JSON.stringify(asked.map(({ name, value }) => ({ name, value })));
      const [[counted], rows] = await Promise.all([
        database.read(COUNT_WATCHED, { org, rule }),
        database.read(SELECT_WATCHED_DIMENSIONS, { org, rule, dimensions: named }),
      ]);
      const dimensions = rows.map((row) => ({
        name: row["name"] as string,
        value: row["value"] as string,
        series: row["series"] as number,
      }));
      return { series: counted!["series"] as number, dimensions };
    },
    async open() {
      return (await database.read(SELECT_OPEN, { org, limit: MAX_OPEN_ALERTS })).map(openOf);
    },
    async firedDuring({ from, to }) {
      const rows = await database.read(SELECT_FIRED, { org, from, to, earliest: from - FIRED_BEFORE_MS, limit: MAX_OPEN_ALERTS });
      return rows.map((row) => ({
        ...labelledOf(row),
        startedAt: row["started_at"] as number,
        resolvedAt: row["resolved_at"] as number | null,
      }));
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
    async assign(id, assignment) {
      const args = { org, id, assignment: assignment === null ? null : JSON.stringify(assignment) };
      return (await database.write([{ sql: ASSIGN, args }]))[0]!.rowsAffected === 1;
    },
    async comment(comment) {
      return (await database.write([insertComment(org, comment)]))[0]!.rowsAffected === 1;
    },
    async comments(alert, { limit, cursor }) {
      const rows = await database.read(SELECT_COMMENTS, { org, alert, after: afterId(CommentId, cursor), limit: limit + 1 });
      return pageOf(rows.map(commentOf), limit, ({ id }) => id);
    },
    async newestComments(alert, limit) {
      return (await database.read(SELECT_NEWEST_COMMENTS, { org, alert, limit })).map(commentOf).toReversed();
    },
    async newestNotes(ids) {
      const rows = await database.read(SELECT_NEWEST_NOTES, { org, ids: JSON.stringify(ids) });
      return new Map(rows.map((row) => [row["alert"] as AlertId, row["text"] as string]));
    },
    async transitions({ id: alert, instance, episode }, { limit, cursor }) {
      if (cursor !== undefined && !TRANSITION_CURSOR.test(cursor)) throw wrongCursor();
      const [after, afterSeq] = cursor?.split("-").map(Number) ?? [-1, 0];
      const { pendingAt, resolvedAt } = episode;
      const end = resolvedAt ?? Number.MAX_SAFE_INTEGER;
      const args = { org, alert, instance, pendingAt, end, after: after!, afterSeq: afterSeq!, limit: limit + 1 };
      const rows = await database.read(SELECT_TRANSITIONS, args);
      return pageOf(rows.map(transitionOf), limit, ({ at, seq }) => `${at}-${seq}`);
    },
  };
}
