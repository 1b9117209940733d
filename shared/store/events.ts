import type { Row } from "@libsql/client";
import type { EventDeadLetter } from "../contract/dead-letter.ts";
import { parseEvent } from "../contract/events.ts";
import type { Event } from "../contract/events.ts";
import { DeadLetterId } from "../contract/ids.ts";
import type { EventId, OrgId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import type { EventStore, FailedEvent } from "../ports/platform.ts";
import type { Database } from "./database.ts";
import type { Outbox } from "./outbox.ts";
import { afterId, pageOf } from "./page.ts";

// Rides outbox_pending.
const SELECT_PENDING = "SELECT seq, event FROM outbox WHERE published_at IS NULL AND seq > :after ORDER BY seq LIMIT :limit";
// Rides the unique index on id.
const MARK_PUBLISHED = "UPDATE outbox SET published_at = :at WHERE id IN (SELECT value FROM json_each(:ids))";
const SELECT_PROCESSED = "SELECT 1 FROM processed_event WHERE consumer = :consumer AND event_id = :id";
const MARK_PROCESSED = "INSERT INTO processed_event (consumer, event_id, at) VALUES (:consumer, :id, :at) ON CONFLICT DO NOTHING";
const RECORD_FAILURE = `
  INSERT INTO event_dead_letter (id, consumer, event_id, type, org, event, error, attempts, next_attempt_at, dead_at, created_at)
  VALUES (:id, :consumer, :eventId, :type, :org, :event, :error, 1, :nextAttemptAt, :deadAt, :at)
  ON CONFLICT (consumer, event_id) DO UPDATE SET
    attempts = attempts + 1, error = excluded.error, next_attempt_at = excluded.next_attempt_at, dead_at = excluded.dead_at`;
// Rides the unique index on consumer and event_id.
const SELECT_FAILURE = "SELECT id, attempts FROM event_dead_letter WHERE consumer = :consumer AND event_id = :id";
// Rides event_dead_letter_due.
const SELECT_DUE = `
  SELECT id, consumer, event, attempts FROM event_dead_letter
  WHERE dead_at IS NULL AND next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :limit`;
const SELECT_DEAD_PAGE = "SELECT * FROM event_dead_letter WHERE dead_at IS NOT NULL AND id > :after ORDER BY id LIMIT :limit";
const SELECT_DEAD = "SELECT id, consumer, event, attempts FROM event_dead_letter WHERE id = :id AND dead_at IS NOT NULL";
const REVIVE = "UPDATE event_dead_letter SET dead_at = NULL, next_attempt_at = :at WHERE id = :id AND dead_at IS NOT NULL";
const REMOVE = "DELETE FROM event_dead_letter WHERE id = :id AND attempts = coalesce(:attempts, attempts)";
// Each rides an index on its time, and takes a bite: others write between two of them.
const PRUNE_OUTBOX =
  "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE published_at < :before ORDER BY published_at LIMIT :limit)";
const PRUNE_PROCESSED = `
  DELETE FROM processed_event WHERE (consumer, event_id) IN
    (SELECT consumer, event_id FROM processed_event WHERE at < :before ORDER BY at LIMIT :limit)`;
const PRUNE_IDEMPOTENCY = `
  DELETE FROM idempotency WHERE (org, key) IN
    (SELECT org, key FROM idempotency WHERE expires_at < :before ORDER BY expires_at LIMIT :limit)`;

const ROWS_A_BITE = 10_000;

const eventOf = (row: Row): Event => parseEvent(JSON.parse(row["event"] as string));

const failedOf = (row: Row): FailedEvent => ({
  id: row["id"] as DeadLetterId,
  consumer: row["consumer"] as string,
  event: eventOf(row),
  attempts: row["attempts"] as number,
});

const deadLetterOf = (row: Row): EventDeadLetter => ({
  id: row["id"] as DeadLetterId,
  consumer: row["consumer"] as string,
  eventId: row["event_id"] as EventId,
  type: row["type"] as string,
  org: row["org"] as OrgId | null,
  error: row["error"] as string,
  attempts: row["attempts"] as number,
  createdAt: isoTime(row["created_at"] as number),
});

export function eventStore(database: Database, outbox: Outbox): EventStore {
  return {
    async enqueue(event) {
      await outbox.write([], [event]);
    },
    async pending({ after, limit }) {
      return (await database.read(SELECT_PENDING, { after, limit })).map((row) => ({ seq: row["seq"] as number, event: eventOf(row) }));
    },
    async markPublished(ids, at) {
      await database.write([{ sql: MARK_PUBLISHED, args: { ids: JSON.stringify(ids), at } }]);
    },
    async wasProcessed(consumer, id) {
      return (await database.read(SELECT_PROCESSED, { consumer, id })).length > 0;
    },
    async markProcessed(consumer, id, at) {
      await database.write([{ sql: MARK_PROCESSED, args: { consumer, id, at } }]);
    },
    async recordFailure({ consumer, event, error, nextAttemptAt, deadAt, at }) {
      const id = hashId("dle", [consumer, event.id]);
      const { id: eventId, type, org } = event;
      const args = { id, consumer, eventId, type, org, event: JSON.stringify(event), error, nextAttemptAt, deadAt, at };
      await database.write([{ sql: RECORD_FAILURE, args }]);
    },
    async failure(consumer, id) {
      const [row] = await database.read(SELECT_FAILURE, { consumer, id });
      return row === undefined ? null : { id: row["id"] as DeadLetterId, attempts: row["attempts"] as number };
    },
    async failuresDue(now, limit) {
      return (await database.read(SELECT_DUE, { now, limit })).map(failedOf);
    },
    async removeFailure(id, attempts) {
      const [result] = await database.write([{ sql: REMOVE, args: { id, attempts: attempts ?? null } }]);
      return result!.rowsAffected === 1;
    },
    async listDead({ limit, cursor }) {
      const rows = await database.read(SELECT_DEAD_PAGE, { after: afterId(DeadLetterId, cursor), limit: limit + 1 });
      return pageOf(rows.map(deadLetterOf), limit, ({ id }) => id);
    },
    async getDead(id) {
      const [row] = await database.read(SELECT_DEAD, { id });
      return row === undefined ? null : failedOf(row);
    },
    async revive(id, at) {
      const [result] = await database.write([{ sql: REVIVE, args: { id, at } }]);
      return result!.rowsAffected === 1;
    },
    async prune(before, now) {
      await deleteAll(PRUNE_OUTBOX, before);
      await deleteAll(PRUNE_PROCESSED, before);
      await deleteAll(PRUNE_IDEMPOTENCY, now);
    },
  };

  async function deleteAll(sql: string, before: number): Promise<void> {
    for (;;) {
      const [deleted] = await database.write([{ sql, args: { before, limit: ROWS_A_BITE } }]);
      if (deleted!.rowsAffected < ROWS_A_BITE) return;
    }
  }
}
