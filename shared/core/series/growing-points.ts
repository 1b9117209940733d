import type { SeriesId } from "../../contract/ids.ts";
import { runsOf } from "./log-codec.ts";
import type { LogColumns } from "./log-codec.ts";

/** Columns that grow at their end: the points of one series, gathered out of many batches. The first `n` rows count. */
export interface GrowingPoints {
  timestamps: Float64Array;
  values: Float64Array;
  n: number;
}

const noPoints = (): GrowingPoints => ({ timestamps: new Float64Array(8), values: new Float64Array(8), n: 0 });

/** Adds a point at the end, whatever its time. */
function addPoint(points: GrowingPoints, timestamp: number, value: number): void {
  if (points.n === points.timestamps.length) {
    points.timestamps = doubled(points.timestamps);
    points.values = doubled(points.values);
  }
  points.timestamps[points.n] = timestamp;
  points.values[points.n] = value;
  points.n += 1;
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
 * @param only - Leaves out every other series.
 * @returns What takes in one more batch, and adds its points to those of their series.
 */
export function gatherInto(bySeries: Map<SeriesId, GrowingPoints>, only?: ReadonlySet<SeriesId>): (batch: LogColumns) => void {
  let lastIds = new Uint8Array();
  let runs: { readonly run: number; readonly own: GrowingPoints }[] = [];
  return (batch) => {
    // A scrape has the series of the one before: their ids need not be read again.
    if (Buffer.compare(batch.ids, lastIds) !== 0) {
      runs = runsOf(batch.ids, only).map(({ run, series }) => {
        const own = bySeries.get(series) ?? noPoints();
        bySeries.set(series, own);
        return { run, own };
      });
      lastIds = batch.ids.slice();
    }
    const { counts, timestamps, values } = batch;
    let [next, row] = [0, 0];
    for (const { run, own } of runs) {
      for (; next < run; next++) row += counts[next]!;
      for (const end = row + counts[next++]!; row < end; row++) addPoint(own, timestamps[row]!, values[row]!);
    }
  };
}
