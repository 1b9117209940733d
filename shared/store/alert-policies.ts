import type { Row } from "@libsql/client";
import * as v from "valibot";
import type { Actor } from "../contract/actor.ts";
import { InhibitionId, MuteWindowId, SilenceId } from "../contract/ids.ts";
import type { OrgId } from "../contract/ids.ts";
import type { AnyPolicy, PolicyDefinitions, PolicyKind } from "../core/alert/compile-policies.ts";
import { NO_POLICIES } from "../core/alert/policies.ts";
import { MOST_POLICIES } from "../ports/alert-policies.ts";
import type { AlertPoliciesStore, PolicyChange, StoredPolicy, SuppressionDue } from "../ports/alert-policies.ts";
import { unlessLost } from "./compare-and-set.ts";
import type { Database } from "./database.ts";
import { afterId, pageOf, readVersionCursor } from "./page.ts";

// Rides the primary key.
const SELECT = "SELECT * FROM alert_policy WHERE id = :id AND org = :org AND kind = :kind";
// Rides alert_policy_kind.
const SELECT_PAGE = "SELECT * FROM alert_policy WHERE org = :org AND kind = :kind AND id > :after ORDER BY id LIMIT :limit";
const SELECT_SILENCES = (which: string) => `
  SELECT * FROM alert_policy WHERE org = :org AND ${which}
    AND :state = CASE WHEN ends_at <= :now THEN 'expired' WHEN starts_at <= :now THEN 'active' ELSE 'pending' END
  ORDER BY id LIMIT :limit`;
// Rides alert_policy_kind.
const SELECT_EXPIRED = SELECT_SILENCES("kind = 'silence' AND id > :after");
// Rides alert_policy_in_force: the + keeps the planner from going through those that have expired.
const SELECT_UNEXPIRED = SELECT_SILENCES("ends_at > :now AND +kind = 'silence' AND +id > :after");
// Rides alert_policy_in_force: what has expired long ago is not looked at. In the order in which alerts show it.
const SELECT_IN_FORCE = `
  SELECT * FROM alert_policy WHERE org = :org AND ends_at > :now ORDER BY id LIMIT :limit`;
// Counts on alert_policy_in_force.
const INSERT = `
  INSERT INTO alert_policy (id, org, kind, version, definition, starts_at, ends_at, created_at, updated_at)
  SELECT :id, :org, :kind, :version, :definition, :startsAt, :endsAt, :createdAt, :updatedAt
  WHERE (SELECT count(*) FROM alert_policy WHERE org = :org AND ends_at > :updatedAt AND kind = :kind) < :most`;
const INSERT_FIRST_CHANGE = `
  INSERT INTO alert_policy_change (org, policy, version, at, actor, before, after)
  SELECT org, id, version, updated_at, :actor, NULL, definition FROM alert_policy WHERE id = :id AND org = :org AND version = 1`;
// Before the change itself, while what it was is still there; nothing where it is at another version.
const INSERT_CHANGE = `
  INSERT INTO alert_policy_change (org, policy, version, at, actor, before, after)
  SELECT org, id, :version, :at, :actor, definition, :after FROM alert_policy
  WHERE id = :id AND org = :org AND kind = :kind AND version = :version - 1`;
const REPLACE = `
  UPDATE alert_policy SET version = :version, definition = :definition, starts_at = :startsAt, ends_at = :endsAt, updated_at = :updatedAt
  WHERE id = :id AND org = :org AND kind = :kind AND version = :version - 1`;
const DELETE = "DELETE FROM alert_policy WHERE id = :id AND org = :org AND kind = :kind AND version = :version - 1";
// Rides the primary key.
const SELECT_CHANGES = `
  SELECT * FROM alert_policy_change WHERE org = :org AND policy = :id AND version > :after ORDER BY version LIMIT :limit`;
// Rides alert_policy_ends, as the + has it, and alert_suppressed.
const SELECT_ORGS = `
  SELECT org FROM alert_policy WHERE kind <> 'routes' AND ends_at > :now AND +org > :after
  UNION SELECT org FROM alert WHERE resolved_at IS NULL AND suppressed_by <> '[]' AND org > :after
  ORDER BY org LIMIT :limit`;

const MOST_IN_FORCE = Object.values(MOST_POLICIES).reduce((sum, most) => sum + most, 0);

const policyOf = <Kind extends PolicyKind>(row: Row): StoredPolicy<Kind> => ({
  kind: row["kind"] as Kind,
  id: row["id"] as string,
  version: row["version"] as number,
  definition: JSON.parse(row["definition"] as string) as PolicyDefinitions[Kind],
  createdAt: row["created_at"] as number,
  updatedAt: row["updated_at"] as number,
});

const changeOf = <Kind extends PolicyKind>(row: Row): PolicyChange<Kind> => {
  const json = (column: string) => (row[column] === null ? null : (JSON.parse(row[column] as string) as PolicyDefinitions[Kind]));
  return {
    version: row["version"] as number,
    at: row["at"] as number,
    actor: JSON.parse(row["actor"] as string) as Actor,
    before: json("before"),
    after: json("after"),
  };
};

/** What a silence's times are, and of the others always. */
const timesOf = (definition: StoredPolicy["definition"]): { readonly startsAt: number; readonly endsAt: number } =>
  "endsAt" in definition ? definition : { startsAt: 0, endsAt: Number.MAX_SAFE_INTEGER };

const argsOf = (org: OrgId, { id, kind, version, definition, updatedAt }: StoredPolicy) => {
  const { startsAt, endsAt } = timesOf(definition);
  return { org, id, kind, version, definition: JSON.stringify(definition), startsAt, endsAt, updatedAt };
};

/** What the ids of a kind look like; of routes there is one. */
const IDS = { routes: v.string(), silence: SilenceId, "mute-window": MuteWindowId, inhibition: InhibitionId } as const;

export function alertPoliciesStore(database: Database, org: OrgId): AlertPoliciesStore {
  return {
    async get<Kind extends PolicyKind>(kind: Kind, id: string) {
      const [row] = await database.read(SELECT, { org, kind, id });
      return row === undefined ? null : policyOf<Kind>(row);
    },
    async list<Kind extends PolicyKind>(kind: Kind, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
      const rows = await database.read(SELECT_PAGE, { org, kind, after: afterId(IDS[kind], cursor), limit: limit + 1 });
      return pageOf(rows.map(policyOf<Kind>), limit, ({ id }) => id);
    },
    async silences(state, { limit, cursor }, now) {
      const rows = await database.read(state === "expired" ? SELECT_EXPIRED : SELECT_UNEXPIRED, {
        org,
        state,
        now,
        after: afterId(SilenceId, cursor),
        limit: limit + 1,
      });
      return pageOf(rows.map(policyOf<"silence">), limit, ({ id }) => id);
    },
    async insert(policy, actor) {
      const { createdAt, kind, id } = policy;
      let isWritten = false;
      const won = await unlessLost(async () => {
        const [inserted] = await database.write([
          { sql: INSERT, args: { ...argsOf(org, policy), createdAt, most: MOST_POLICIES[kind] } },
          { sql: INSERT_FIRST_CHANGE, args: { org, id, actor: JSON.stringify(actor) } },
        ]);
        isWritten = inserted!.rowsAffected === 1;
      });
      return won && isWritten;
    },
    async replace(policy, actor) {
      const { id, kind, version, definition, ...args } = argsOf(org, policy);
      const of = { org, id, kind, version };
      const [, replaced] = await database.write([
        { sql: INSERT_CHANGE, args: { ...of, at: args.updatedAt, actor: JSON.stringify(actor), after: definition } },
        { sql: REPLACE, args: { ...of, ...args, definition } },
      ]);
      return replaced!.rowsAffected === 1;
    },
    async remove({ id, kind, version }, actor, at) {
      const of = { org, id, kind, version: version + 1 };
      const [, removed] = await database.write([
        { sql: INSERT_CHANGE, args: { ...of, at, actor: JSON.stringify(actor), after: null } },
        { sql: DELETE, args: of },
      ]);
      return removed!.rowsAffected === 1;
    },
    async history<Kind extends PolicyKind>(_kind: Kind, id: string, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
      const after = readVersionCursor(cursor) ?? 0;
      const rows = await database.read(SELECT_CHANGES, { org, id, after, limit: limit + 1 });
      return pageOf(rows.map(changeOf<Kind>), limit, ({ version }) => String(version));
    },
    async inForce(now) {
      const rows = await database.read(SELECT_IN_FORCE, { org, now, limit: MOST_IN_FORCE });
      if (rows.length === 0) return NO_POLICIES;
      // Loaded where it is needed: the engine of the patterns is a third of a bundle.
      const { compilePolicies } = await import("../core/alert/compile-policies.ts");
      return compilePolicies(rows.map((row) => policyOf(row) as StoredPolicy & AnyPolicy));
    },
  };
}

export const suppressionDue = (database: Database): SuppressionDue => ({
  async orgs(after, now, limit) {
    return (await database.read(SELECT_ORGS, { after, now, limit })).map((row) => row["org"] as OrgId);
  },
});
