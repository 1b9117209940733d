import type { SeriesId } from "../../contract/ids.ts";
import type { Dimensions } from "../../contract/series.ts";
import type { AcceptedPoint } from "./accept.ts";

/** The points of one series out of a batch, in the order they came. */
export interface SeriesBatch {
  readonly series: SeriesId;
  readonly metricKey: string;
  /** Canonical JSON. */
  readonly dimensions: string;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/**
 * Gathers the points of each series out of a batch.
 * @param resolve - The id and canonical dimensions of a series.
 */
export function groupBySeries(
  points: readonly AcceptedPoint[],
  resolve: (metricKey: string, dimensions: Dimensions) => { readonly series: SeriesId; readonly dimensions: string },
): SeriesBatch[] {
  const groups = new Map<SeriesId, { metricKey: string; dimensions: string; points: AcceptedPoint[] }>();
  for (const point of points) {
    const { series, dimensions } = resolve(point.metricKey, point.dimensions);
    const group = groups.get(series);
    if (group === undefined) groups.set(series, { metricKey: point.metricKey, dimensions, points: [point] });
    else group.points.push(point);
  }
  return [...groups].map(([series, { metricKey, dimensions, points: own }]) => ({
    series,
    metricKey,
    dimensions,
    timestamps: Float64Array.from(own, ({ timestamp }) => timestamp),
    values: Float64Array.from(own, ({ value }) => value),
  }));
}
