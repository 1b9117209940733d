import type { Row } from "@libsql/client";
import { RuleId } from "../contract/ids.ts";
import type { InstanceId, OrgId } from "../contract/ids.ts";
import type { Rule } from "../contract/rule.ts";
import { MAX_RULES } from "../ports/alerting.ts";
import type { RulesStore } from "../ports/alerting.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database, Statement } from "./database.ts";
import { keepDeletion, keepRule } from "./history.ts";
import { writeInstances } from "./instance-changes.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";

// Rides the primary key.
const SELECT = "SELECT * FROM rule WHERE id = :id AND org = :org";
// Rides rule_org.
const SELECT_PAGE = "SELECT * FROM rule WHERE org = :org AND id > :after ORDER BY id LIMIT :limit";
// Rides rule_enabled.
const SELECT_ENABLED = "SELECT * FROM rule WHERE org = :org AND enabled = 1 ORDER BY id LIMIT :limit";
// Counts on rule_org: at most MAX_RULES of them.
const INSERT = `
  INSERT INTO rule (id, org, version, definition, enabled, created_at, updated_at)
  SELECT :id, :org, :version, :definition, :enabled, :createdAt, :updatedAt
  WHERE (SELECT count(*) FROM rule WHERE org = :org) < :most`;
// A rule that is at another version, or gone, gets NULL as its version, which its column refuses: the whole batch fails.
const REPLACE = `
  INSERT INTO rule (id, org, version, definition, enabled, created_at, updated_at)
  VALUES (:id, :org, (SELECT version + 1 FROM rule WHERE id = :id AND org = :org AND version = :version - 1),
    :definition, :enabled, :createdAt, :updatedAt)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, definition = excluded.definition, enabled = excluded.enabled,
    updated_at = excluded.updated_at, unseen = 1`;
// Points that come late do not lead back to what the rule was before.
const FORGET_CHECKPOINTS = "UPDATE rule_instance SET checkpoints = '[]' WHERE org = :org AND rule = :id";
const BUMP_GENERATION = `
  INSERT INTO rule_generation (org, generation) VALUES (:org, 1) ON CONFLICT (org) DO UPDATE SET generation = generation + 1`;
const SELECT_GENERATION = "SELECT generation FROM rule_generation WHERE org = :org";
// Rides rule_unseen.
const SELECT_UNSEEN = "SELECT * FROM rule WHERE org = :org AND unseen = 1 AND enabled = 1 ORDER BY id LIMIT :limit";
const MARK_SEEN = "UPDATE rule SET unseen = 0 WHERE id = :id AND org = :org AND version = :version";
// Rides alert_rule_open.
const REDESCRIBE = `
  UPDATE alert SET rule_name = :name, labels = :labels, annotations = :annotations WHERE org = :org AND rule = :id AND resolved_at IS NULL`;
// Fails the batch when another instance has an open episode: one that began after the endings were decided. Rides alert_rule_open.
const REQUIRE_ENDED = `
  UPDATE rule SET version = NULL
  WHERE id = :id AND org = :org AND EXISTS (
    SELECT 1 FROM alert WHERE org = :org AND rule = :id AND resolved_at IS NULL AND instance NOT IN (SELECT value FROM json_each(:keeps)))`;
// Rides rule_instance_series.
const FORGET_INSTANCES = `
  DELETE FROM rule_instance WHERE org = :org AND rule = :id AND id NOT IN (SELECT value FROM json_each(:keeps))`;
const REQUIRE_VERSION = `
  UPDATE rule SET version = CASE WHEN version = :version THEN version END WHERE id = :id AND org = :org`;
const DELETE = "DELETE FROM rule WHERE id = :id AND org = :org";
// A rule that is not gets NULL as its version, which its column refuses.
const REQUIRE_ENABLED = `
  INSERT INTO rule (id, org, version, definition, enabled, created_at, updated_at)
  SELECT asked.value ->> 'id', :org, NULL, '', 0, 0, 0 FROM json_each(:rules) AS asked
  WHERE NOT EXISTS (SELECT 1 FROM rule WHERE id = asked.value ->> 'id' AND org = :org AND version = asked.value ->> 'version' AND enabled = 1)`;

/** Fails its batch unless each of the rules is enabled at its version. */
export const requireEnabled = (org: OrgId, rules: readonly Pick<Rule, "id" | "version">[]): Statement => ({
  sql: REQUIRE_ENABLED,
  args: { org, rules: JSON.stringify(rules.map(({ id, version }) => ({ id, version }))) },
});

/** Notes that the series of a rule at this version have been gone through. */
export const markSeen = (org: OrgId, { id, version }: Pick<Rule, "id" | "version">): Statement => ({
  sql: MARK_SEEN,
  args: { org, id, version },
});

/** The enabled rules of organisations, as this process has read them last. */
export type KnownRules = Map<OrgId, { readonly generation: number; readonly rules: readonly Rule[] }>;

/** A process remembers the rules of so many organisations. */
const MOST_KNOWN = 200;

/** The rule of a row that has its definition, version and times. */
export function ruleOf(row: Row): Rule {
  return {
    ...(JSON.parse(row["definition"] as string) as Rule),
    id: row["id"] as RuleId,
    version: row["version"] as number,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/** What fires goes on under the rule's name, labels and annotations as they are now. */
const redescribe = (org: OrgId, { id, name, labels, annotations }: Rule): Statement => ({
  sql: REDESCRIBE,
  args: { org, id, name, labels: JSON.stringify(labels), annotations: JSON.stringify(annotations) },
});

const argsOf = (org: OrgId, { id, version, createdAt, updatedAt, ...definition }: Rule) => ({
  org,
  id,
  version,
  definition: JSON.stringify(definition),
  enabled: definition.enabled ? 1 : 0,
  createdAt,
  updatedAt,
});

export function rulesStore(database: Database, outbox: Outbox, org: OrgId, known: KnownRules): RulesStore {
  const bumpGeneration: Statement = { sql: BUMP_GENERATION, args: { org } };
  const forgetOthers = (id: RuleId, keeps: readonly InstanceId[]): Statement[] => {
    const args = { org, id, keeps: JSON.stringify(keeps) };
    return [
      { sql: REQUIRE_ENDED, args },
      { sql: FORGET_INSTANCES, args },
    ];
  };
  return {
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : ruleOf(row);
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, after: afterId(RuleId, cursor), limit: limit + 1 });
      return pageOf(rows.map(ruleOf), limit, ({ id }) => id);
    },
    async enabled() {
      // The generation first: rules that change meanwhile are read again the next time.
      const [row] = await database.read(SELECT_GENERATION, { org });
      const generation = row === undefined ? 0 : (row["generation"] as number);
      const remembered = known.get(org);
      if (remembered?.generation === generation) return remembered.rules;
      const rules = (await database.read(SELECT_ENABLED, { org, limit: MAX_RULES })).map(ruleOf);
      known.delete(org);
      if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
      known.set(org, { generation, rules });
      return rules;
    },
    async unseen(limit) {
      return (await database.read(SELECT_UNSEEN, { org, limit })).map(ruleOf);
    },
    async insert(rule, actor = null) {
      const insert = { sql: INSERT, args: { ...argsOf(org, rule), most: MAX_RULES } };
      const [result] = await database.write([insert, ...keepRule(org, rule.id, actor), bumpGeneration]);
      return result!.rowsAffected === 1;
    },
    async replace(rule, { changes, keeps, at }, actor = null) {
      const written = writeInstances(outbox, org, [{ rule, changes }], at);
      const kept = keeps === "all" ? [] : forgetOthers(rule.id, keeps);
      const statements = [
        { sql: REPLACE, args: argsOf(org, rule) },
        ...written.statements,
        ...kept,
        ...keepRule(org, rule.id, actor),
        redescribe(org, rule),
        { sql: FORGET_CHECKPOINTS, args: { org, id: rule.id } },
        bumpGeneration,
      ];
      return unlessLost(() => outbox.write(statements, written.events));
    },
    async remove(id, version, { changes, at }, actor = null) {
      const written = writeInstances(outbox, org, [{ rule: { id, version }, changes }], at);
      return unlessLost(() =>
        outbox.write(
          [
            { sql: REQUIRE_VERSION, args: { org, id, version } },
            ...written.statements,
            ...forgetOthers(id, []),
            ...keepDeletion(org, { id, version, at, actor }),
            { sql: DELETE, args: { org, id } },
            bumpGeneration,
          ],
          written.events,
        ),
      );
    },
  };
}
