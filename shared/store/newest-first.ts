import type { Page, PageQuery } from "../contract/page.ts";
import { pageOf, wrongCursor } from "./page.ts";

/** The cursor of a list that goes by time: a time and an id. */
export const timeCursor = (at: number, id: string): string => `${at}~${id}`;

const TIME_CURSOR = /^(\d{1,15})~([a-z]{3}_[0-9a-v]{24})$/;

/** The time and the id of a cursor; null without one. @throws Problem validation-failed where it is none of a list that goes by time. */
export function readTimeCursor(cursor: string | undefined): { readonly at: number; readonly id: string } | null {
  if (cursor === undefined) return null;
  const [, at, id] = TIME_CURSOR.exec(cursor) ?? [];
  if (at === undefined || id === undefined) throw wrongCursor();
  return { at: Number(at), id };
}

/** Where a list that goes from newest to oldest goes on. @throws as readTimeCursor. */
export function parseTimeCursor(cursor: string | undefined): { readonly before: number; readonly beforeId: string } {
  const { at, id } = readTimeCursor(cursor) ?? { at: Number.MAX_SAFE_INTEGER, id: "" };
  return { before: at, beforeId: id };
}

/** Where such a list goes on that ends before a time, Unix ms. @throws as readTimeCursor. */
export function placeBefore(to: number | undefined, cursor: string | undefined): ReturnType<typeof parseTimeCursor> {
  const reached = parseTimeCursor(cursor);
  // Nothing sorts before an empty id: of those that began then, none.
  return to !== undefined && to < reached.before ? { before: to, beforeId: "" } : reached;
}

/** Rows that one request for a page goes through, where only some of them match. */
const SCAN_ROWS = 500;
const MOST_SCANS = 20;

/**
 * A page of those rows that match what no query can say: it may hold fewer than its limit although others follow.
 * @param read - At most so many rows after a cursor.
 */
export async function pageOfMatching<Item>(
  read: (after: string | undefined, rows: number) => Promise<readonly Item[]>,
  matches: (item: Item) => boolean,
  { limit, cursor }: PageQuery,
  cursorOf: (item: Item) => string,
): Promise<Page<Item>> {
  const found: Item[] = [];
  let after = cursor;
  for (let scan = 0; scan < MOST_SCANS; scan++) {
    const rows = await read(after, SCAN_ROWS);
    for (const item of rows) {
      if (matches(item)) found.push(item);
      if (found.length > limit) return pageOf(found, limit, cursorOf);
    }
    if (rows.length < SCAN_ROWS) return { items: found, nextCursor: null };
    after = cursorOf(rows.at(-1)!);
  }
  return { items: found, nextCursor: after! };
}
