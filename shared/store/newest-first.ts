/** The cursor of a list that goes by time: a time and an id. */
export const timeCursor = (at: number, id: string): string => `${at}~${id}`;

/** Where a list that goes from newest to oldest goes on; from its start when the cursor is none of ours. */
export function parseTimeCursor(cursor: string | undefined): { readonly before: number; readonly beforeId: string } {
  const [at, id] = (cursor ?? "").split("~");
  const before = Number(at === "" ? Number.NaN : at);
  return id === undefined || !Number.isSafeInteger(before) ? { before: Number.MAX_SAFE_INTEGER, beforeId: "" } : { before, beforeId: id };
}
