import type { SeriesKind } from "../contract/series.ts";
import { joinPoints } from "../core/series/merge.ts";
import { asLevels, hasRate } from "../core/series/rate.ts";
import type { PointReader } from "../ports/points.ts";

/** Reads the points of series of one kind as levels: each read takes one point more, for what came before the first. */
export function levelReader(kind: SeriesKind | null, points: PointReader): PointReader {
  if (!hasRate(kind)) return points;
  const read: PointReader["read"] = async (series, { from, to, limit, order }) => {
    const [before, window] = await Promise.all([
      points.newest(series, { before: from, limit: 1 }),
      points.read(series, { from, to, limit: limit + 1, order }),
    ]);
    // From the newest on, a window that was cut has the point before the first level in it already.
    const isCut = order === "desc" && window.timestamps.length > limit;
    const { timestamps, values } = asLevels(kind, isCut ? window : joinPoints(before, window));
    const start = order === "desc" ? Math.max(0, timestamps.length - limit) : 0;
    return { timestamps: timestamps.slice(start, start + limit), values: values.slice(start, start + limit) };
  };
  return { read, newest: (series, { before, limit }) => read(series, { from: 0, to: before, limit, order: "desc" }) };
}
