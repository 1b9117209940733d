import * as v from "valibot";
import type { Page } from "../contract/page.ts";
import { invalid } from "../contract/problem.ts";

/** Makes a page of rows that were read with one more than the limit; `cursorOf` names the last item kept. */
export function pageOf<Item>(items: Item[], limit: number, cursorOf: (last: Item) => string): Page<Item> {
  if (items.length <= limit) return { items, nextCursor: null };
  const kept = items.slice(0, limit);
  return { items: kept, nextCursor: cursorOf(kept.at(-1)!) };
}

/** The id after which a list that goes by ids goes on: none at its start. @throws Problem validation-failed for a cursor of another list, or of none. */
export function afterId(Id: v.GenericSchema, cursor: string | undefined): string {
  if (cursor !== undefined && !v.is(Id, cursor)) throw wrongCursor();
  return cursor ?? "";
}

/** The version in the cursor of a list that goes by versions; null without one. @throws Problem validation-failed where it is none of such a list. */
export function readVersionCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^\d{1,15}$/.test(cursor)) throw wrongCursor();
  return Number(cursor);
}

/** Refuses a cursor that no page of the list has given: read from its start again, a list would never end. */
export const wrongCursor = () => invalid([{ path: "cursor", message: "Expected the nextCursor of a page of this list" }]);
