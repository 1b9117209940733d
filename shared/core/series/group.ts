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
  const groups = new Map<SeriesId, { readonly dimensions: string; readonly points: AcceptedPoint[] }>();
  for (const point of points) {
    const { series, dimensions } = resolve(point.metricKey, point.dimensions);
    const group = groups.get(series);
    if (group === undefined) groups.set(series, { dimensions, points: [point] });
    else group.points.push(point);
  }
  const batch: SeriesBatch[] = [];
  for (const [series, { dimensions, points: own }] of groups) {
    const timestamps = new Float64Array(own.length);
    const values = new Float64Array(own.length);
    for (let row = 0; row < own.length; row++) {
      timestamps[row] = own[row]!.timestamp;
      values[row] = own[row]!.value;
    }
    batch.push({ series, metricKey: own[0]!.metricKey, dimensions, timestamps, values });
  }
  return batch;
}
