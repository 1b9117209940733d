import type { SeriesId } from "../../shared/contract/ids.ts";
import { LATENESS_MS } from "../../shared/core/detect/arrivals.ts";
import type { LogRow } from "../../shared/ports/points.ts";

/** The oldest point, Unix ms, that each series got and that is no history: what was older than the lateness bound when it came in is. */
export function oldestArrivals(rows: readonly LogRow[]): ReadonlyMap<SeriesId, number> {
  const oldest = new Map<SeriesId, number>();
  for (const { createdAt, points } of rows) {
    if (createdAt === null) continue;
    for (const { series, timestamps } of points) {
      let first = oldest.get(series) ?? Infinity;
      for (const timestamp of timestamps) if (timestamp < first && createdAt - timestamp <= LATENESS_MS) first = timestamp;
      if (first < Infinity) oldest.set(series, first);
    }
  }
  return oldest;
}
