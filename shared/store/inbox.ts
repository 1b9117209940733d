import type { Row } from "@libsql/client";
import type { InboxMessage } from "../contract/channel.ts";
import type { InboxMessageId, OrgId } from "../contract/ids.ts";
import { isoTime, isoTimeOrNull } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import type { InboxStore } from "../ports/inbox.ts";
import type { Database } from "./database.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";

const INSERT = `
  INSERT INTO inbox_message (id, org, channel, kind, title, text, alerts, created_at)
  VALUES (:id, :org, :channel, :kind, :title, :text, :alerts, :at)
  ON CONFLICT (id) DO NOTHING`;
const SELECT_PAGE = (which: string) => `
  SELECT id, kind, title, text, alerts, created_at, read_at FROM inbox_message
  WHERE org = :org AND (created_at, id) < (:before, :beforeId) ${which}
  ORDER BY created_at DESC, id DESC LIMIT :limit`;
// Rides inbox_message_created.
const SELECT_PAGE_OF_ALL = SELECT_PAGE("");
// Rides inbox_message_unread.
const SELECT_PAGE_OF_UNREAD = SELECT_PAGE("AND read_at IS NULL");
// Rides the primary key.
const MARK = `
  UPDATE inbox_message SET read_at = iif(:readAt IS NULL, NULL, coalesce(read_at, :readAt)) WHERE id = :id AND org = :org
  RETURNING id, kind, title, text, alerts, created_at, read_at`;
// Rides inbox_message_unread; not limited: a mark is a few bytes.
const MARK_ALL = "UPDATE inbox_message SET read_at = :readAt WHERE org = :org AND read_at IS NULL AND created_at <= :until";

const messageOf = (row: Row): InboxMessage => ({
  id: row["id"] as InboxMessageId,
  kind: row["kind"] as InboxMessage["kind"],
  title: row["title"] as string,
  text: row["text"] as string,
  alerts: JSON.parse(row["alerts"] as string) as InboxMessage["alerts"],
  createdAt: isoTime(row["created_at"] as number),
  readAt: isoTimeOrNull(row["read_at"] as number | null),
});

export function inboxStore(database: Database, org: OrgId): InboxStore {
  return {
    async insert({ delivery, alerts, ...message }) {
      const id = hashId<InboxMessageId>("msg", [org, delivery]);
      await database.write([{ sql: INSERT, args: { ...message, id, org, alerts: JSON.stringify(alerts) } }]);
    },
    async list({ limit, cursor }, { unread = false } = {}) {
      const rows = await database.read(unread ? SELECT_PAGE_OF_UNREAD : SELECT_PAGE_OF_ALL, {
        org,
        ...parseTimeCursor(cursor),
        limit: limit + 1,
      });
      return pageOf(rows.map(messageOf), limit, ({ createdAt, id }) => timeCursor(Date.parse(createdAt), id));
    },
    async mark(id, readAt) {
      const [result] = await database.write([{ sql: MARK, args: { org, id, readAt } }]);
      const row = result!.rows[0];
      return row === undefined ? null : messageOf(row);
    },
    async markAll(until, readAt) {
      const [result] = await database.write([{ sql: MARK_ALL, args: { org, until, readAt } }]);
      return result!.rowsAffected;
    },
  };
}
