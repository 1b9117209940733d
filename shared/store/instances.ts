import type { Row } from "@libsql/client";
import { InstanceId } from "../contract/ids.ts";
import type { OrgId, RuleId, SeriesId } from "../contract/ids.ts";
import type { Dimensions } from "../contract/series.ts";
import type { InstanceRecord } from "../core/alert/alert-record.ts";
import type { Instance } from "../core/alert/step.ts";
import { MAX_INSTANCES } from "../ports/alerting.ts";
import type { InstanceOfSeries, InstancesStore, PendingInstance } from "../ports/alerting.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { writeInstances } from "./instance-changes.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";
import { requireEnabled, ruleOf } from "./rules.ts";

// Rides the primary key, once for each id, which CROSS sees to; not limited: the caller's list bounds it.
const SELECT_MANY = `
  SELECT i.* FROM json_each(:ids) AS ids CROSS JOIN rule_instance AS i ON i.id = ids.value AND i.org = :org`;
// Rides rule_instance_series.
const SELECT_OF_SERIES = "SELECT * FROM rule_instance WHERE org = :org AND rule = :rule AND series = :series";
const SELECT_OF_RULE = `
  SELECT i.*, s.metric_key, s.dimensions FROM rule_instance AS i JOIN series AS s ON s.id = i.series AND s.org = i.org
  WHERE i.org = :org AND i.rule = :rule ORDER BY i.series LIMIT :limit`;
// Rides rule_instance_pending.
const SELECT_PENDING = `
  SELECT i.*, s.metric_key, s.dimensions, r.definition, r.version AS rule_version, r.created_at, r.updated_at
  FROM rule_instance AS i
  JOIN series AS s ON s.id = i.series AND s.org = i.org
  JOIN rule AS r ON r.id = i.rule AND r.org = i.org
  WHERE i.org = :org AND i.condition = 'pending' AND i.id > :after
    AND (:rule IS NULL OR i.rule = :rule) AND (:series IS NULL OR i.series = :series)
    AND (:severity IS NULL OR i.severity = :severity) AND (:metricKey IS NULL OR s.metric_key = :metricKey)
  ORDER BY i.id LIMIT :limit`;
const SELECT_LAST_EVALUATIONS = `
  SELECT rule, max(last_evaluated_at) AS at FROM rule_instance
  WHERE org = :org AND last_evaluated_at IS NOT NULL GROUP BY rule`;

const instanceOf = (row: Row): InstanceRecord => ({
  id: row["id"] as InstanceId,
  rule: row["rule"] as RuleId,
  series: row["series"] as SeriesId,
  version: row["version"] as number,
  state: JSON.parse(row["state"] as string) as Instance,
});

const instanceOfSeries = (row: Row): InstanceOfSeries => ({
  ...instanceOf(row),
  of: {
    id: row["series"] as SeriesId,
    metricKey: row["metric_key"] as string,
    dimensions: JSON.parse(row["dimensions"] as string) as Dimensions,
  },
});

const pendingOf = (row: Row): PendingInstance => ({
  ...instanceOfSeries(row),
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
      return (await database.read(SELECT_OF_RULE, { org, rule, limit: MAX_INSTANCES })).map(instanceOfSeries);
    },
    async pending({ rule, series, severity, metricKey }, { limit, cursor }) {
      const filter = { rule: rule ?? null, series: series ?? null, severity: severity ?? null, metricKey: metricKey ?? null };
      const rows = await database.read(SELECT_PENDING, { org, ...filter, after: afterId(InstanceId, cursor), limit: limit + 1 });
      return pageOf(rows.map(pendingOf), limit, ({ id }) => id);
    },
    async lastEvaluations() {
      const rows = await database.read(SELECT_LAST_EVALUATIONS, { org });
      return new Map(rows.map((row) => [row["rule"] as RuleId, row["at"] as number]));
    },
    async commit({ rule, changes, at }) {
      const { statements, events } = writeInstances(outbox, org, { rule, changes, at });
      return unlessLost(() => outbox.write([requireEnabled(org, rule), ...statements], events));
    },
  };
}
