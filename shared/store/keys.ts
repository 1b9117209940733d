import type { Row } from "@libsql/client";
import { KeyId } from "../contract/ids.ts";
import type { OrgId } from "../contract/ids.ts";
import type { Key, RateLimit, Scope } from "../contract/key.ts";
import { isoTime, isoTimeOrNull } from "../contract/time.ts";
import type { KeyRecord, KeyRing, KeysStore, NewKey } from "../ports/platform.ts";
import { bytesOf } from "./database.ts";
import type { Database, Statement } from "./database.ts";
import { afterId, pageOf } from "./page.ts";

const INSERT = `
  INSERT INTO api_key (id, org, name, hash, scopes, rate_limit, created_at, expires_at)
  VALUES (:id, :org, :name, :hash, :scopes, :rateLimit, :createdAt, :expiresAt)`;
// Rides the primary key.
const SELECT = "SELECT * FROM api_key WHERE id = :id AND org = :org";
// Rides api_key_org.
const SELECT_PAGE = "SELECT * FROM api_key WHERE org = :org AND id > :after ORDER BY id LIMIT :limit";
const REVOKE = "UPDATE api_key SET revoked_at = coalesce(revoked_at, :at) WHERE id = :id AND org = :org";
// Rides the unique index on hash.
const SELECT_BY_HASH = "SELECT * FROM api_key WHERE hash = :hash";
const TOUCH = "UPDATE api_key SET last_used_at = :at WHERE id = :id";
const INSERT_PLATFORM = `
  INSERT INTO api_key (id, org, name, hash, scopes, rate_limit, created_at, expires_at)
  VALUES (:id, NULL, :name, :hash, :scopes, :rateLimit, :createdAt, :expiresAt)
  ON CONFLICT (hash) DO NOTHING`;

const argsOf = (key: NewKey) => ({
  id: key.id,
  name: key.name,
  hash: key.hash,
  scopes: JSON.stringify(key.scopes),
  rateLimit: key.rateLimit === null ? null : JSON.stringify(key.rateLimit),
  createdAt: key.createdAt,
  expiresAt: key.expiresAt,
});

/** Stores a key of an organisation; its batch fails when the hash is taken. */
export const insertKey = (org: OrgId, key: NewKey): Statement => ({ sql: INSERT, args: { ...argsOf(key), org } });

const rateLimitOf = (row: Row) => (row["rate_limit"] === null ? null : (JSON.parse(row["rate_limit"] as string) as RateLimit));

const keyOf = (row: Row): Key => ({
  id: row["id"] as KeyId,
  name: row["name"] as string,
  scopes: JSON.parse(row["scopes"] as string) as Scope[],
  createdAt: isoTime(row["created_at"] as number),
  expiresAt: isoTimeOrNull(row["expires_at"] as number | null),
  revokedAt: isoTimeOrNull(row["revoked_at"] as number | null),
  lastUsedAt: isoTimeOrNull(row["last_used_at"] as number | null),
  rateLimit: rateLimitOf(row),
});

export function keysStore(database: Database, org: OrgId): KeysStore {
  const get = async (id: KeyId): Promise<Key | null> => {
    const [row] = await database.read(SELECT, { id, org });
    return row === undefined ? null : keyOf(row);
  };
  return {
    get,
    async insert(key) {
      await database.write([insertKey(org, key)]);
      return (await get(key.id))!;
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, after: afterId(KeyId, cursor), limit: limit + 1 });
      return pageOf(rows.map(keyOf), limit, ({ id }) => id);
    },
    async revoke(id, at) {
      await database.write([{ sql: REVOKE, args: { id, org, at } }]);
      return get(id);
    },
  };
}

export function keyRing(database: Database): KeyRing {
  return {
    async find(hash) {
      const [row] = await database.read(SELECT_BY_HASH, { hash });
      if (row === undefined) return null;
      return {
        id: row["id"] as KeyId,
        org: row["org"] as OrgId | null,
        name: row["name"] as string,
        hash: bytesOf(row["hash"]!),
        scopes: JSON.parse(row["scopes"] as string) as Scope[],
        expiresAt: row["expires_at"] as number | null,
        revokedAt: row["revoked_at"] as number | null,
        lastUsedAt: row["last_used_at"] as number | null,
        rateLimit: rateLimitOf(row),
      } satisfies KeyRecord;
    },
    async touch(id, at) {
      await database.write([{ sql: TOUCH, args: { id, at } }]);
    },
    async insertPlatformKey(key) {
      await database.write([{ sql: INSERT_PLATFORM, args: argsOf(key) }]);
    },
  };
}
