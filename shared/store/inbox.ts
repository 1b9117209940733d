import type { Row } from "@libsql/client";
import type { InboxMessage } from "../contract/channel.ts";
import type { InboxMessageId, OrgId } from "../contract/ids.ts";
import { isoTime } from "../contract/time.ts";
import { hashId } from "../core/hash-id.ts";
import type { InboxStore } from "../ports/alerting.ts";
import type { Database } from "./database.ts";
import { parseTimeCursor, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";

const INSERT = `
  INSERT INTO inbox_message (id, org, channel, kind, title, text, alerts, created_at)
  VALUES (:id, :org, :channel, :kind, :title, :text, :alerts, :at)
  ON CONFLICT (id) DO NOTHING`;
// Rides inbox_message_created.
const SELECT_PAGE = `
  SELECT id, kind, title, text, alerts, created_at FROM inbox_message WHERE org = :org AND (created_at, id) < (:before, :beforeId)
  ORDER BY created_at DESC, id DESC LIMIT :limit`;

const messageOf = (row: Row): InboxMessage => ({
  id: row["id"] as InboxMessageId,
  kind: row["kind"] as InboxMessage["kind"],
  title: row["title"] as string,
  text: row["text"] as string,
  alerts: JSON.parse(row["alerts"] as string) as InboxMessage["alerts"],
  createdAt: isoTime(row["created_at"] as number),
});

export function inboxStore(database: Database, org: OrgId): InboxStore {
  return {
    async insert({ delivery, alerts, ...message }) {
      const id = hashId<InboxMessageId>("msg", [org, delivery]);
      await database.write([{ sql: INSERT, args: { ...message, id, org, alerts: JSON.stringify(alerts) } }]);
    },
    async list({ limit, cursor }) {
      const rows = await database.read(SELECT_PAGE, { org, ...parseTimeCursor(cursor), limit: limit + 1 });
      return pageOf(rows.map(messageOf), limit, ({ createdAt, id }) => timeCursor(Date.parse(createdAt), id));
    },
  };
}
