import { wrongCursor } from "./page.ts";

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
