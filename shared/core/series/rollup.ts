import type { Decimals } from "./decimals.ts";
import { readVarint, unzigzag, VARINT_BYTES, writeVarint, zigzag } from "./varint.ts";
import type { Unread, Written } from "./varint.ts";

/** What the points of an hour come to; columns of equal length, ascending, of hours that have points. */
export interface Partials {
  /** Unix ms, whole hours. */
  readonly starts: Float64Array;
  /** Points, >= 1. */
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  /** The values of the newest points. */
  readonly lasts: Float64Array;
}

export const HOUR_MS = 3_600_000;
/** Where an hour has fewer points, reading them all is as good, and a rollup would be as large as they are. */
const LEAST_POINTS_AN_HOUR = 24;
/** In place of the number of decimals: values stand as doubles. */
const DOUBLES = 255;
/** Whole numbers up to here, and their differences, are written without loss. */
const LARGEST = 2 ** 51;

/**
 * What a chunk's points come to by the hour, to be stored beside them: u8 decimals or DOUBLES, varint hours, then of each hour a varint of
 * how many hours it is after the one before, and its count; then its min (as the difference from the one before), max, last and sum (as
 * what they are above the min, the sum above that many mins), as varints of whole numbers; or all four as doubles.
 *
 * @param timestamps - Unix ms, ascending, shape (n,).
 * @param decimals - The values' asDecimals, which make the sum exact, or null.
 * @param options.whatever - Also where reading the points is as good: they are to be deleted.
 * @returns null where it does not pay, or the values are so large that a sum of them is not finite.
 */
export function encodeRollup(
  timestamps: Float64Array,
  values: Float64Array,
  decimals: Decimals | null,
  { whatever = false }: { whatever?: boolean } = {},
): Uint8Array | null {
  if (!whatever && !pays(timestamps)) return null;
  const whole = decimals === null ? null : partialsOf(timestamps, decimals.integers);
  const areWhole = whole?.sums.every((sum, row) => Math.abs(sum) + Math.abs(whole.mins[row]! * whole.counts[row]!) <= LARGEST) === true;
  const partials = areWhole ? whole : partialsOf(timestamps, values);
  if (!whatever && !partials.sums.every(Number.isFinite)) return null;

  const { starts, counts, sums, mins, maxs, lasts } = partials;
  const to: Written = { bytes: new Uint8Array(VARINT_BYTES * (1 + 6 * starts.length) + 1), end: 0 };
  to.bytes[to.end++] = areWhole ? decimals!.decimals : DOUBLES;
  writeVarint(to, starts.length);
  let hour = 0;
  for (let row = 0; row < starts.length; row++) {
    writeVarint(to, starts[row]! / HOUR_MS - hour);
    writeVarint(to, counts[row]!);
    hour = starts[row]! / HOUR_MS;
  }
  if (areWhole) {
    let before = 0;
    for (let row = 0; row < starts.length; row++) {
      const min = mins[row]!;
      writeVarint(to, zigzag(min - before));
      writeVarint(to, maxs[row]! - min);
      writeVarint(to, lasts[row]! - min);
      writeVarint(to, sums[row]! - counts[row]! * min);
      before = min;
    }
  } else {
    const view = new DataView(to.bytes.buffer);
    for (const column of [mins, maxs, lasts, sums]) for (const value of column) view.setFloat64((to.end += 8) - 8, value, true);
  }
  return to.bytes.slice(0, to.end);
}

/** Decodes what encodeRollup made. */
export function decodeRollup(bytes: Uint8Array): Partials {
  const from: Unread = { bytes, at: 1 };
  const decimals = bytes[0]!;
  const n = readVarint(from);
  const partials = emptyPartials(n);
  const { starts, counts, sums, mins, maxs, lasts } = partials;
  let hour = 0;
  for (let row = 0; row < n; row++) {
    starts[row] = (hour += readVarint(from)) * HOUR_MS;
    counts[row] = readVarint(from);
  }
  if (decimals === DOUBLES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (const column of [mins, maxs, lasts, sums])
      for (let row = 0; row < n; row++) column[row] = view.getFloat64((from.at += 8) - 8, true);
    return partials;
  }
  const unit = 10 ** decimals;
  let min = 0;
  for (let row = 0; row < n; row++) {
    min += unzigzag(readVarint(from));
    mins[row] = min / unit;
    maxs[row] = (min + readVarint(from)) / unit;
    lasts[row] = (min + readVarint(from)) / unit;
    sums[row] = (counts[row]! * min + readVarint(from)) / unit;
  }
  return partials;
}

function pays(timestamps: Float64Array): boolean {
  let hours = 0;
  let end = -Infinity;
  for (const timestamp of timestamps) {
    if (timestamp < end) continue;
    end = (Math.floor(timestamp / HOUR_MS) + 1) * HOUR_MS;
    hours += 1;
  }
  return timestamps.length >= LEAST_POINTS_AN_HOUR * hours;
}

function partialsOf(timestamps: Float64Array, values: Float64Array): Partials {
  const partials = emptyPartials(timestamps.length);
  const { starts, counts, sums, mins, maxs, lasts } = partials;
  let [hours, row, end] = [0, -1, -Infinity];
  for (let place = 0; place < timestamps.length; place++) {
    const value = values[place]!;
    if (timestamps[place]! >= end) {
      row = hours++;
      starts[row] = Math.floor(timestamps[place]! / HOUR_MS) * HOUR_MS;
      end = starts[row]! + HOUR_MS;
      mins[row] = Infinity;
      maxs[row] = -Infinity;
    }
    counts[row]! += 1;
    sums[row]! += value;
    // Math.min and Math.max put -0 below 0, as they do where points are aggregated.
    mins[row] = Math.min(mins[row]!, value);
    maxs[row] = Math.max(maxs[row]!, value);
    lasts[row] = value;
  }
  return {
    starts: starts.subarray(0, hours),
    counts: counts.subarray(0, hours),
    sums: sums.subarray(0, hours),
    mins: mins.subarray(0, hours),
    maxs: maxs.subarray(0, hours),
    lasts: lasts.subarray(0, hours),
  };
}

function emptyPartials(n: number): Partials {
  const column = () => new Float64Array(n);
  return { starts: column(), counts: column(), sums: column(), mins: column(), maxs: column(), lasts: column() };
}
