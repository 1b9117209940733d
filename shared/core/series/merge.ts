/** Points of one series from one source; of equal timestamps the higher `seq` wins, and within a source the later row. */
export interface SequencedPoints {
  readonly seq: number;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/**
 * Merges the points of one series from several sources into one ascending run without a timestamp twice: last write wins, by `seq`.
 *
 * @param sources - In any order; each in any time order.
 * @returns Columns of equal length; those of the source itself where there is but one, and nothing to be done to it.
 */
export function mergePoints(sources: readonly SequencedPoints[]): { timestamps: Float64Array; values: Float64Array } {
  if (sources.length === 1 && isAscending(sources[0]!.timestamps)) return sources[0]!;
  const total = sources.reduce((sum, source) => sum + source.timestamps.length, 0);
  const timestamps = new Float64Array(total);
  const values = new Float64Array(total);
  // Chunks never overlap: one after another they are all that there is to do, whatever was written last.
  const inTime = sources.filter((source) => source.timestamps.length > 0).toSorted((a, b) => a.timestamps[0]! - b.timestamps[0]!);
  if (joinAscending(inTime, timestamps, values)) return { timestamps, values };

  joinAscending(
    sources.toSorted((a, b) => a.seq - b.seq),
    timestamps,
    values,
  );
  // A stable sort keeps the order of writing among equal timestamps: the last of them stays.
  if (!insertInOrder(timestamps, values)) {
    const rows = Uint32Array.from(timestamps.keys()).toSorted((a, b) => timestamps[a]! - timestamps[b]! || a - b);
    timestamps.set(Float64Array.from(rows, (row) => timestamps[row]!));
    values.set(Float64Array.from(rows, (row) => values[row]!));
  }
  let kept = 0;
  for (let row = 0; row < total; row++) {
    if (kept > 0 && timestamps[kept - 1] === timestamps[row]) kept -= 1;
    timestamps[kept] = timestamps[row]!;
    values[kept] = values[row]!;
    kept += 1;
  }
  return { timestamps: timestamps.slice(0, kept), values: values.slice(0, kept) };
}

/** Writes sources one after another into columns. @returns Whether the whole is ascending, without a timestamp twice. */
function joinAscending(sources: readonly SequencedPoints[], timestamps: Float64Array, values: Float64Array): boolean {
  let n = 0;
  for (const source of sources) {
    timestamps.set(source.timestamps, n);
    values.set(source.values, n);
    n += source.timestamps.length;
  }
  return isAscending(timestamps);
}

function isAscending(timestamps: Float64Array): boolean {
  for (let row = 1; row < timestamps.length; row++) if (!(timestamps[row]! > timestamps[row - 1]!)) return false;
  return true;
}

/** Rows may be moved by so many places each, on average, before sorting them all is cheaper. */
const PLACES_A_ROW = 8;

/** Sorts rows that are nearly in order, as writers beside each other leave them. @returns Whether it did not give up on the way. */
function insertInOrder(timestamps: Float64Array, values: Float64Array): boolean {
  let left = PLACES_A_ROW * timestamps.length;
  for (let row = 1; row < timestamps.length; row++) {
    const timestamp = timestamps[row]!;
    const value = values[row]!;
    let place = row;
    for (; place > 0 && timestamps[place - 1]! > timestamp; place--) {
      timestamps[place] = timestamps[place - 1]!;
      values[place] = values[place - 1]!;
    }
    timestamps[place] = timestamp;
    values[place] = value;
    left -= row - place;
    if (left < 0) return false;
  }
  return true;
}

/** The rows of ascending columns that lie in [from, to). */
export function within(
  { timestamps, values }: { timestamps: Float64Array; values: Float64Array },
  from: number,
  to: number,
): { timestamps: Float64Array; values: Float64Array } {
  const start = firstAtOrAfter(timestamps, from);
  const end = firstAtOrAfter(timestamps, to);
  return { timestamps: timestamps.subarray(start, end), values: values.subarray(start, end) };
}

/** The row of the first timestamp at or after a time; the number of rows where there is none. */
export function firstAtOrAfter(timestamps: Float64Array, time: number): number {
  let low = 0;
  let high = timestamps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Points, and those that come after them. */
export const joinPoints = (first: Columns, second: Columns): Columns => ({
  timestamps: joinColumns([first.timestamps, second.timestamps]),
  values: joinColumns([first.values, second.values]),
});

/** Columns, one after the other. */
export function joinColumns(columns: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(columns.reduce((length, column) => length + column.length, 0));
  let end = 0;
  for (const column of columns) {
    joined.set(column, end);
    end += column.length;
  }
  return joined;
}
