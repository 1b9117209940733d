import type { Row } from "@libsql/client";
import type { Actor } from "../contract/actor.ts";
import { LONGEST_CHANGE_MS } from "../contract/change-event.ts";
import type { ChangeKind } from "../contract/change-event.ts";
import type { ChangeEventId, OrgId } from "../contract/ids.ts";
import type { Dimensions } from "../contract/series.ts";
import type { ChangeRecord } from "../core/alert/changes.ts";
import { MAX_CHANGE_EVENTS, MAX_CHANGES_NEAR } from "../ports/change-events.ts";
import type { ChangeEventsStore, ChangesAge } from "../ports/change-events.ts";
import type { Database } from "./database.ts";
import { pageOfMatching, placeBefore, timeCursor } from "./newest-first.ts";
import { pageOf } from "./page.ts";

// Counts on change_event_started: at most MAX_CHANGE_EVENTS of them.
const INSERT = `
  INSERT INTO change_event (id, org, kind, title, starts_at, ends_at, dimensions, link, source, created_by, created_at)
  SELECT :id, :org, :kind, :title, :at, coalesce(:endAt, :at), :dimensions, :link, :source, :createdBy, :createdAt
  WHERE (SELECT count(*) FROM change_event WHERE org = :org) < :most`;
// Both ride the primary key.
const SELECT = "SELECT * FROM change_event WHERE id = :id AND org = :org";
const DELETE = "DELETE FROM change_event WHERE id = :id AND org = :org";
// Both ride change_event_started.
const SELECT_PAGE = `
  SELECT * FROM change_event
  WHERE org = :org AND (starts_at, id) < (:before, :beforeId) AND starts_at >= :from
    AND (:kind IS NULL OR kind IN (SELECT value FROM json_each(:kind)))
  ORDER BY starts_at DESC, id DESC LIMIT :limit`;
const SELECT_DURING = `
  SELECT * FROM change_event WHERE org = :org AND starts_at >= :earliest AND starts_at < :to AND ends_at >= :from
  ORDER BY starts_at DESC, id DESC LIMIT :limit`;
// Rides change_event_age.
const FORGET = `
  DELETE FROM change_event WHERE id IN (SELECT id FROM change_event WHERE starts_at < :before ORDER BY starts_at LIMIT :limit)`;

function changeOf(row: Row): ChangeRecord {
  const [at, endAt] = [row["starts_at"] as number, row["ends_at"] as number];
  return {
    id: row["id"] as ChangeEventId,
    kind: row["kind"] as ChangeKind,
    title: row["title"] as string,
    at,
    endAt: endAt === at ? null : endAt,
    dimensions: JSON.parse(row["dimensions"] as string) as Dimensions,
    link: row["link"] as string | null,
    source: row["source"] as string | null,
    createdBy: JSON.parse(row["created_by"] as string) as Actor,
    createdAt: row["created_at"] as number,
  };
}

const cursorOf = ({ at, id }: ChangeRecord): string => timeCursor(at, id);

export function changeEventsStore(database: Database, org: OrgId): ChangeEventsStore {
  return {
    async insert({ dimensions, createdBy, ...change }) {
      const args = {
        ...change,
        org,
        dimensions: JSON.stringify(dimensions),
        createdBy: JSON.stringify(createdBy),
        most: MAX_CHANGE_EVENTS,
      };
      return (await database.write([{ sql: INSERT, args }]))[0]!.rowsAffected === 1;
    },
    async get(id) {
      const [row] = await database.read(SELECT, { id, org });
      return row === undefined ? null : changeOf(row);
    },
    async list({ kind, from, to, matches }, { limit, cursor }) {
      const read = async (after: string | undefined, rows: number) => {
        const args = { org, kind: kind === undefined ? null : JSON.stringify(kind), from: from ?? 0, limit: rows };
        return (await database.read(SELECT_PAGE, { ...args, ...placeBefore(to, after) })).map(changeOf);
      };
      if (matches === undefined) return pageOf(await read(cursor, limit + 1), limit, cursorOf);
      return pageOfMatching(read, ({ dimensions }) => matches(dimensions), { limit, cursor }, cursorOf);
    },
    async during({ from, to }) {
      const args = { org, from, to, earliest: from - LONGEST_CHANGE_MS, limit: MAX_CHANGES_NEAR };
      return (await database.read(SELECT_DURING, args)).map(changeOf);
    },
    async remove(id) {
      return (await database.write([{ sql: DELETE, args: { id, org } }]))[0]!.rowsAffected === 1;
    },
  };
}

export const changesAge = (database: Database): ChangesAge => ({
  async forget(before, limit) {
    return (await database.write([{ sql: FORGET, args: { before, limit } }]))[0]!.rowsAffected;
  },
});
