import type { Row } from "@libsql/client";
import type { ConditionState, DataQuality } from "../contract/alert.ts";
import { InstanceId } from "../contract/ids.ts";
import type { AlertId, OrgId, RuleId, SeriesId } from "../contract/ids.ts";
import { MOST_INSTANCES } from "../contract/rule.ts";
import type { Dimensions } from "../contract/series.ts";
import type { WatchRecord } from "../core/alert/alert-record.ts";
import type { RecordedTransition } from "../core/alert/correction.ts";
import type { Instance } from "../core/alert/step.ts";
import type { InstanceOfSubject, InstancesStore, PendingInstance } from "../ports/alerting.ts";
import { episodeOf, insertComment } from "./alerts.ts";
import { unlessLost } from "./compare-and-set.ts";
import { moveCursor } from "./cursors.ts";
import type { Database } from "./database.ts";
import { writeInstances } from "./instance-changes.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";
import { markSeen, requireEnabled, ruleOf } from "./rules.ts";

// Rides the primary key, once for each id, which CROSS sees to; not limited: the caller's list bounds it.
const SELECT_MANY = `
  SELECT i.* FROM json_each(:ids) AS ids CROSS JOIN rule_instance AS i ON i.id = ids.value AND i.org = :org`;
// Rides rule_instance_series.
const SELECT_OF_SERIES = "SELECT * FROM rule_instance WHERE org = :org AND rule = :rule AND series = :series";
const SELECT_OF_RULE = `
  SELECT * FROM rule_instance WHERE org = :org AND rule = :rule ORDER BY series LIMIT :limit`;
// Rides rule_instance_pending.
const SELECT_PENDING = `
  SELECT i.*, r.definition, r.version AS rule_version, r.created_at, r.updated_at
  FROM rule_instance AS i
  JOIN rule AS r ON r.id = i.rule AND r.org = i.org
  WHERE i.org = :org AND i.condition = 'pending' AND i.id > :after
    AND (:rule IS NULL OR i.rule = :rule) AND (:series IS NULL OR i.series = :series)
    AND (:severity IS NULL OR i.severity = :severity) AND (:metricKey IS NULL OR i.metric_key = :metricKey)
  ORDER BY i.id LIMIT :limit`;
// Counts on rule_instance_watching.
const SELECT_COUNTS = `
  SELECT value AS rule, (SELECT count(*) FROM rule_instance WHERE org = :org AND rule = value AND metric_key IS NOT NULL) AS n FROM json_each(:rules)`;
// Rides rule_instance_series.
const SELECT_CONDITIONS = `
  SELECT id, rule, condition, state ->> 'data' AS data FROM rule_instance
  WHERE org = :org AND rule IN (SELECT value FROM json_each(:rules))
    AND (metric_key IS NOT NULL OR (SELECT definition ->> 'kind' FROM rule WHERE rule.id = rule_instance.rule) = 'composite')`;
// Rides alert_transition_instance, once for each instance.
const SELECT_PAST_CONDITIONS = `
  SELECT t.instance, t.at, t.from_state FROM json_each(:instances) AS asked
  CROSS JOIN alert_transition AS t ON t.org = :org AND t.instance = asked.value AND t.at > :after AND t.kind = 'condition'
  ORDER BY t.at, t.seq`;
// Rides rule_instance_series, once for each rule. The version grows, so that an evaluation that has not seen why is run again.
const WAKE = `
  UPDATE rule_instance SET due_at = :at, version = version + 1
  WHERE org = :org AND rule IN (SELECT value FROM json_each(:rules)) AND series = :series AND coalesce(due_at, :at + 1) > :at`;
// Rides rule_instance_due.
const SELECT_DUE = `
  SELECT i.* FROM rule_instance AS i
  JOIN rule AS r ON r.id = i.rule AND r.org = i.org AND r.enabled = 1
  WHERE i.org = :org AND i.due_at <= :now ORDER BY i.due_at LIMIT :limit`;
// Rides alert_instance, once for each instance; few episodes are as long as the lateness bound, and the caller's list bounds the instances.
const SELECT_EPISODES_SINCE = `
  SELECT a.* FROM json_each(:instances) AS asked
  CROSS JOIN alert AS a ON a.org = :org AND a.instance = asked.value ->> 'id'
    AND (a.started_at > asked.value ->> 'at' OR a.resolved_at IS NULL OR a.resolved_at > asked.value ->> 'at')`;
// Rides alert_transition_instance, once for each instance.
const SELECT_TRANSITIONS_SINCE = `
  SELECT t.instance, t.kind, t.to_state, t.reason, t.at, t.alert FROM json_each(:instances) AS asked
  CROSS JOIN alert_transition AS t ON t.org = :org AND t.instance = asked.value ->> 'id' AND t.at > asked.value ->> 'at'`;

/** Beside those that watch something a rule has one for each thing that may be wrong with itself. */
const MOST_STORED = MOST_INSTANCES + 2;

/** Other than of a series, the column holds what keeps the instances of a rule apart. */
const seriesOf = (row: Row): SeriesId | null => ((row["series"] as string).startsWith("ser_") ? (row["series"] as SeriesId) : null);

const instanceOf = (row: Row): WatchRecord => ({
  id: row["id"] as InstanceId,
  rule: row["rule"] as RuleId,
  series: seriesOf(row),
  version: row["version"] as number,
  state: JSON.parse(row["state"] as string) as Instance,
  checkpoints: JSON.parse(row["checkpoints"] as string) as Instance[],
  dueAt: row["due_at"] as number | null,
});

const recordedOf = (row: Row): RecordedTransition => ({
  kind: row["kind"] as RecordedTransition["kind"],
  to: row["to_state"] as RecordedTransition["to"],
  reason: row["reason"] as RecordedTransition["reason"],
  at: row["at"] as number,
  alert: row["alert"] as AlertId | null,
});

const instanceOfSubject = (row: Row): InstanceOfSubject => ({
  ...instanceOf(row),
  of:
    row["metric_key"] === null
      ? null
      : {
          id: seriesOf(row),
          metricKey: row["metric_key"] as string,
          dimensions: JSON.parse(row["dimensions"] as string) as Dimensions,
        },
});

const pendingOf = (row: Row): PendingInstance => ({
  ...instanceOfSubject(row),
  parent: { ...ruleOf(row), id: row["rule"] as RuleId, version: row["rule_version"] as number },
});

export function instancesStore(database: Database, outbox: Outbox, org: OrgId): InstancesStore {
  return {
    async getMany(ids) {
      return (await database.read(SELECT_MANY, { org, ids: JSON.stringify(ids) })).map(instanceOf);
    },
    async find(rule, series) {
      const [row] = await database.read(SELECT_OF_SERIES, { org, rule, series });
      return row === undefined ? null : instanceOf(row);
    },
    async ofRule(rule) {
      return (await database.read(SELECT_OF_RULE, { org, rule, limit: MOST_STORED })).map(instanceOfSubject);
    },
    async pending({ rule, series, severity, metricKey }, { limit, cursor }) {
      const filter = { rule: rule ?? null, series: series ?? null, severity: severity ?? null, metricKey: metricKey ?? null };
      const rows = await database.read(SELECT_PENDING, { org, ...filter, after: afterId(InstanceId, cursor), limit: limit + 1 });
      return pageOf(rows.map(pendingOf), limit, ({ id }) => id);
    },
    async counts(rules) {
      const rows = await database.read(SELECT_COUNTS, { org, rules: JSON.stringify(rules) });
      return new Map(rows.map((row) => [row["rule"] as RuleId, row["n"] as number]));
    },
    async conditions(rules, after) {
      const rows = await database.read(SELECT_CONDITIONS, { org, rules: JSON.stringify(rules) });
      const instances = JSON.stringify(rows.map((row) => row["id"]));
      const past = Map.groupBy(await database.read(SELECT_PAST_CONDITIONS, { org, instances, after }), (row) => row["instance"]);
      return rows.map((row) => ({
        rule: row["rule"] as RuleId,
        state: row["condition"] as ConditionState,
        data: row["data"] as DataQuality,
        changes: (past.get(row["id"]) ?? []).map((change) => ({
          at: change["at"] as number,
          from: change["from_state"] as ConditionState,
        })),
      }));
    },
    async wake(rules, series, at) {
      await database.write([{ sql: WAKE, args: { org, rules: JSON.stringify(rules), series, at } }]);
    },
    async due(now, limit) {
      return (await database.read(SELECT_DUE, { org, now, limit })).map(instanceOfSubject);
    },
    async since(asked) {
      const args = { org, instances: JSON.stringify(asked) };
      const episodes = Map.groupBy(await database.read(SELECT_EPISODES_SINCE, args), (row) => row["instance"] as InstanceId);
      const transitions = Map.groupBy(await database.read(SELECT_TRANSITIONS_SINCE, args), (row) => row["instance"] as InstanceId);
      return new Map(
        asked.map(({ id }) => [
          id,
          { episodes: (episodes.get(id) ?? []).map(episodeOf), transitions: (transitions.get(id) ?? []).map(recordedOf) },
        ]),
      );
    },
    async commit({ rule, changes, at, comment }) {
      const { statements, events } = writeInstances(outbox, org, [{ rule, changes }], at);
      const written = comment === undefined ? [] : [insertComment(org, comment)];
      return unlessLost(() => outbox.write([requireEnabled(org, [rule]), ...statements, ...written], events));
    },
    async commitPass({ evaluations, cursor: { from, to }, seen, at }) {
      const { statements, events } = writeInstances(outbox, org, evaluations, at);
      return unlessLost(() =>
        outbox.write(
          [
            ...moveCursor("alert-evaluate", org, from, to),
            requireEnabled(
              org,
              evaluations.map(({ rule }) => rule),
            ),
            ...statements,
            ...seen.map((rule) => markSeen(org, rule)),
          ],
          events,
        ),
      );
    },
  };
}
