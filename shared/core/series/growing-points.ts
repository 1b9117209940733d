import type { SeriesId } from "../../contract/ids.ts";
import { readIds } from "./log-codec.ts";
import type { LogColumns } from "./log-codec.ts";

/** Columns that grow at their end: the points of one series, gathered out of many batches. */
export interface GrowingPoints {
  /** The first `n` rows count. */
  timestamps: Float64Array;
  values: Float64Array;
  n: number;
  /** Of all timestamps. */
  from: number;
  to: number;
}

const noPoints = (): GrowingPoints => ({
  timestamps: new Float64Array(8),
  values: new Float64Array(8),
  n: 0,
  from: Infinity,
  to: -Infinity,
});

/** Adds a point at the end, whatever its time. */
function addPoint(points: GrowingPoints, timestamp: number, value: number): void {
  if (points.n === points.timestamps.length) {
    points.timestamps = doubled(points.timestamps);
    points.values = doubled(points.values);
  }
  points.timestamps[points.n] = timestamp;
  points.values[points.n] = value;
  points.n += 1;
  if (timestamp < points.from) points.from = timestamp;
  if (timestamp > points.to) points.to = timestamp;
}

/** The points that are there, in the order they came; views that stay as they are until the next is added. */
export const gathered = ({ timestamps, values, n }: GrowingPoints): { timestamps: Float64Array; values: Float64Array } => ({
  timestamps: timestamps.subarray(0, n),
  values: values.subarray(0, n),
});

function doubled(column: Float64Array): Float64Array {
  const longer = new Float64Array(2 * column.length);
  longer.set(column);
  return longer;
}

/**
 * Gathers batches of the log, one after another, series by series.
 * @returns What takes in one more batch, and adds its points to those of their series.
 */
export function gatherInto(bySeries: Map<SeriesId, GrowingPoints>): (batch: LogColumns) => void {
  let lastIds = new Uint8Array();
  let columns: GrowingPoints[] = [];
  return ({ ids, counts, timestamps, values }) => {
    // A scrape has the series of the one before: their ids need not be read again.
    if (Buffer.compare(ids, lastIds) !== 0) {
      columns = readIds(ids).map((series) => {
        const own = bySeries.get(series) ?? noPoints();
        bySeries.set(series, own);
        return own;
      });
      lastIds = ids.slice();
    }
    let row = 0;
    for (let index = 0; index < columns.length; index++) {
      const own = columns[index]!;
      for (const end = row + counts[index]!; row < end; row++) addPoint(own, timestamps[row]!, values[row]!);
    }
  };
}
