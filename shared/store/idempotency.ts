import type { OrgId } from "../contract/ids.ts";
import type { IdempotencyStore } from "../ports/platform.ts";
import type { Once } from "../ports/points.ts";
import type { Database, Statement } from "./database.ts";

const SELECT = "SELECT route, payload_hash, status, answer FROM idempotency WHERE org = :org AND key = :key AND expires_at > :now";
const DELETE_EXPIRED = "DELETE FROM idempotency WHERE org = :org AND key = :key AND expires_at <= :now";
const INSERT = `
  INSERT INTO idempotency (org, key, route, payload_hash, status, answer, expires_at)
  VALUES (:org, :key, :route, :payloadHash, :status, :answer, :expiresAt)`;
const RESERVE = `${INSERT} ON CONFLICT (org, key) DO NOTHING`;
const COMPLETE = "UPDATE idempotency SET status = :status, answer = :answer, expires_at = :expiresAt WHERE org = :org AND key = :key";
const RELEASE = "DELETE FROM idempotency WHERE org = :org AND key = :key AND status IS NULL";

/** Keeps an answer in the batch of its effect; the batch fails with Conflict when the key was used meanwhile. */
export const insertOnce = (org: OrgId, once: Once, now: number): Statement[] => [
  { sql: DELETE_EXPIRED, args: { org, key: once.key, now } },
  { sql: INSERT, args: { org, ...once } },
];

export function idempotencyStore(database: Database, org: OrgId): IdempotencyStore {
  return {
    async find(key, now) {
      const [row] = await database.read(SELECT, { org, key, now });
      if (row === undefined) return null;
      return {
        route: row["route"] as string,
        payloadHash: row["payload_hash"] as string,
        status: row["status"] as number | null,
        answer: row["answer"] as string | null,
      };
    },
    async reserve({ key, route, payloadHash, expiresAt, now }) {
      const [, inserted] = await database.write([
        { sql: DELETE_EXPIRED, args: { org, key, now } },
        { sql: RESERVE, args: { org, key, route, payloadHash, status: null, answer: null, expiresAt } },
      ]);
      return inserted!.rowsAffected === 1;
    },
    async complete({ key, status, answer, expiresAt }) {
      await database.write([{ sql: COMPLETE, args: { org, key, status, answer, expiresAt } }]);
    },
    async release(key) {
      await database.write([{ sql: RELEASE, args: { org, key } }]);
    },
  };
}
