import type { Row } from "@libsql/client";
import type { Actor } from "../contract/actor.ts";
import type { ChannelId, OrgId, RuleId } from "../contract/ids.ts";
import { MAX_VERSIONS } from "../ports/history.ts";
import type { HistoryStore, VersionRecord } from "../ports/history.ts";
import type { Database, Statement } from "./database.ts";
import { pageOf, readVersionCursor } from "./page.ts";

// What is kept is read from the row that the batch has just written: where a write was lost, it is what is there already.
const KEEP_RULE = `
  INSERT INTO definition_history (org, id, version, at, actor, definition)
  SELECT org, id, version, updated_at, :actor, json_set(definition, '$.createdAt', created_at) FROM rule WHERE id = :id AND org = :org
  ON CONFLICT DO NOTHING`;
const KEEP_CHANNEL = `
  INSERT INTO definition_history (org, id, version, at, actor, definition)
  SELECT org, id, version, updated_at, :actor,
    json_object('name', name, 'kind', kind, 'config', json(shown), 'enabled', json(iif(enabled, 'true', 'false')), 'fallback', fallback,
      'stormLimit', storm_limit, 'disabledReason', disabled_reason)
  FROM channel WHERE id = :id AND org = :org
  ON CONFLICT DO NOTHING`;
const KEEP_DELETION = `
  INSERT INTO definition_history (org, id, version, at, actor, definition)
  VALUES (:org, :id, :version + 1, :at, :actor, NULL)
  ON CONFLICT DO NOTHING`;
// All ride the primary key.
const FORGET = `
  DELETE FROM definition_history WHERE org = :org AND id = :id
    AND version <= (SELECT max(version) FROM definition_history WHERE org = :org AND id = :id) - :kept`;
const SELECT_PAGE = `
  SELECT version, at, actor, definition FROM definition_history WHERE org = :org AND id = :id AND version < :before
  ORDER BY version DESC LIMIT :limit`;

const keep = (sql: string, org: OrgId, id: RuleId | ChannelId, actor: Actor | null): Statement[] => [
  { sql, args: { org, id, actor: actor === null ? null : JSON.stringify(actor) } },
  { sql: FORGET, args: { org, id, kept: MAX_VERSIONS } },
];

/** Keeps what a rule is after the statements before, with who made it so. */
export const keepRule = (org: OrgId, id: RuleId, actor: Actor | null): Statement[] => keep(KEEP_RULE, org, id, actor);
/** Keeps what a channel is after the statements before, with who made it so. */
export const keepChannel = (org: OrgId, id: ChannelId, actor: Actor | null): Statement[] => keep(KEEP_CHANNEL, org, id, actor);
/** Keeps that a rule or a channel was deleted at a version. */
export const keepDeletion = (
  org: OrgId,
  { id, version, at, actor }: { id: RuleId | ChannelId; version: number; at: number; actor: Actor | null },
): Statement[] => [
  { sql: KEEP_DELETION, args: { org, id, version, at, actor: actor === null ? null : JSON.stringify(actor) } },
  { sql: FORGET, args: { org, id, kept: MAX_VERSIONS } },
];

const versionOf = (row: Row): VersionRecord => ({
  version: row["version"] as number,
  at: row["at"] as number,
  actor: row["actor"] === null ? null : (JSON.parse(row["actor"] as string) as Actor),
  definition: row["definition"] === null ? null : (JSON.parse(row["definition"] as string) as Record<string, unknown>),
});

export function historyStore(database: Database, org: OrgId): HistoryStore {
  return {
    async list(id, { limit, cursor }) {
      const before = readVersionCursor(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await database.read(SELECT_PAGE, { org, id, before, limit: limit + 1 });
      return pageOf(rows.map(versionOf), limit, ({ version }) => String(version));
    },
  };
}
