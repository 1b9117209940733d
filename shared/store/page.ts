import type { Page } from "../contract/page.ts";

/** Makes a page of rows that were read with one more than the limit; `cursorOf` names the last item kept. */
export function pageOf<Item>(items: Item[], limit: number, cursorOf: (last: Item) => string): Page<Item> {
  if (items.length <= limit) return { items, nextCursor: null };
  const kept = items.slice(0, limit);
  return { items: kept, nextCursor: cursorOf(kept.at(-1)!) };
}
