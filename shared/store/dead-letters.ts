import type { Row } from "@libsql/client";
import type { DeadLetter } from "../contract/dead-letter.ts";
import type { DeadLetterId, OrgId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import { KEPT_CHARACTERS } from "../core/ingest/intake.ts";
import type { DeadLetterStore, DeadPoint } from "../ports/points.ts";
import type { Database, Statement } from "./database.ts";
import { readTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";

/** Of an organisation's dead letters the newest so many are kept. */
export const MAX_DEAD_LETTERS = 10_000;

const INSERT = `
  INSERT INTO dead_letter (id, org, source, reason, payload, created_at, attempts)
  SELECT value ->> 0, :org, value ->> 1, value ->> 2, value ->> 3, :at, 1 FROM json_each(:rows) WHERE true
  ON CONFLICT (id) DO UPDATE SET attempts = attempts + 1, reason = excluded.reason`;
// Rides dead_letter_org; not limited: as many go as have come.
const TRIM = `
  DELETE FROM dead_letter WHERE org = :org AND id IN (
    SELECT id FROM dead_letter WHERE org = :org ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET :most)`;
const SELECT = "SELECT * FROM dead_letter WHERE id = :id AND org = :org";
const SELECT_PAGE = `
  SELECT * FROM dead_letter WHERE org = :org AND (created_at, id) > (:createdAfter, :after)
  ORDER BY created_at, id LIMIT :limit`;
const DELETE = "DELETE FROM dead_letter WHERE id = :id AND org = :org";

/** Records refused points. The same point refused again updates its letter, never makes a second. */
export const insertDeadLetters = (org: OrgId, rejected: readonly DeadPoint[], at: number): Statement[] => {
  const rows = rejected.map(({ source, reason, payload }) => {
    const kept = payload.slice(0, KEPT_CHARACTERS).toWellFormed();
    return [hashId("dle", [org, source, kept]), source, reason, kept];
  });
  return [
    { sql: INSERT, args: { org, at, rows: JSON.stringify(rows) } },
    { sql: TRIM, args: { org, most: MAX_DEAD_LETTERS } },
  ];
};

const deadLetterOf = (row: Row): DeadLetter => ({
  id: row["id"] as DeadLetterId,
  source: row["source"] as string,
  reason: row["reason"] as string,
  payload: row["payload"] as string,
  createdAt: isoTime(row["created_at"] as number),
  attempts: row["attempts"] as number,
});

export function deadLetterStore(database: Database, org: OrgId): DeadLetterStore {
  return {
    async list({ limit, cursor }) {
      const { at, id } = readTimeCursor(cursor) ?? { at: 0, id: "" };
      const rows = await database.read(SELECT_PAGE, { org, createdAfter: at, after: id, limit: limit + 1 });
      return pageOf(rows.map(deadLetterOf), limit, ({ createdAt, id }) => timeCursor(Date.parse(createdAt), id));
    },
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : deadLetterOf(row);
    },
    async remove(id) {
      const [result] = await database.write([{ sql: DELETE, args: { id, org } }]);
      return result!.rowsAffected === 1;
    },
  };
}
