import type { SeriesId } from "../../shared/contract/ids.ts";
import type { PointColumns, PointReader } from "../../shared/ports/points.ts";

/** What a page is read from: Unix ms, `to` exclusive. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

/** A window from where a page before has ended: inclusive upwards, exclusive downwards. */
export function windowFrom(cursor: number | undefined, { from, to, limit, order }: Window): Window {
  return {
    from: order === "asc" ? Math.max(from, cursor ?? from) : from,
    to: order === "desc" ? Math.min(to, cursor ?? to) : to,
    limit,
    order,
  };
}

/** A page of points, ascending whatever its order is, and the cursor of the next one; null on the last. */
export async function readPage(
  points: PointReader,
  series: SeriesId,
  { limit, order, ...window }: Window,
): Promise<PointColumns & { readonly nextCursor: string | null }> {
  const read = await points.read(series, { ...window, limit: limit + 1, order });
  const more = read.timestamps.length > limit;
  const [start, end] = order === "desc" && more ? [1, limit + 1] : [0, limit];
  const [timestamps, values] = [read.timestamps.subarray(start, end), read.values.subarray(start, end)];
  const next = order === "asc" ? read.timestamps[limit] : timestamps[0];
  return { timestamps, values, nextCursor: more ? String(next) : null };
}
