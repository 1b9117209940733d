import type { SeriesId } from "../../contract/ids.ts";
import { base32hex } from "../hash-id.ts";
import type { PointBatch } from "./batch.ts";

/** A run of points of one series in a log row, in the order they came. */
export interface LogPoints {
  readonly series: SeriesId;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** The encoding number that stands beside a payload of this layout. */
export const LOG_ENCODING = 2;
const ID_BYTES = 15;

/** What a scrape has: all points at one time, one point of each series. It is then said once. */
const ONE_TIME = 1;
const ONE_POINT_EACH = 2;
const HEADER_BYTES = 16;

/**
 * Encodes one batch for the write log, in columns: u32 runs s, u32 points n, u32 flags, u32 unused, f64 timestamps (n, or 1 with ONE_TIME),
 * f64 values (n), u32 points of each run (s, or 0 with ONE_POINT_EACH), 15-byte ids (s); little-endian.
 */
export function encodeLog({ series, counts, timestamps, values }: PointBatch<{ readonly series: SeriesId }>): Uint8Array {
  const [s, n] = [series.length, timestamps.length];
  const flags = (n > 0 && isConstant(timestamps) ? ONE_TIME : 0) | (isConstant(counts) && counts[0] === 1 ? ONE_POINT_EACH : 0);
  const layout = layoutOf(s, n, flags);
  const bytes = new Uint8Array(layout.ids + ID_BYTES * s);
  new Uint32Array(bytes.buffer, 0, 3).set([s, n, flags]);
  if (flags & ONE_TIME) new Float64Array(bytes.buffer, HEADER_BYTES, 1)[0] = timestamps[0]!;
  else new Float64Array(bytes.buffer, HEADER_BYTES, n).set(timestamps);
  new Float64Array(bytes.buffer, layout.values, n).set(values);
  if (!(flags & ONE_POINT_EACH)) new Uint32Array(bytes.buffer, layout.counts, s).set(counts);
  let id = layout.ids;
  for (const { series: of } of series) {
    writeId(bytes, id, of);
    id += ID_BYTES;
  }
  return bytes;
}

/** Where the columns start. */
function layoutOf(s: number, n: number, flags: number): { readonly values: number; readonly counts: number; readonly ids: number } {
  const values = HEADER_BYTES + 8 * (flags & ONE_TIME ? 1 : n);
  const counts = values + 8 * n;
  return { values, counts, ids: counts + (flags & ONE_POINT_EACH ? 0 : 4 * s) };
}

function isConstant(column: readonly number[]): boolean {
  for (const value of column) if (value !== column[0]) return false;
  return true;
}

/** A batch as it lies in the log, run after run. */
export interface LogColumns {
  /** What runsOf reads. Batches of the same series in the same order have the same bytes. */
  readonly ids: Uint8Array;
  /** Points of each run, shape (s,). */
  readonly counts: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Decodes a payload without taking it apart: columns are views of it where they can be. */
export function decodeLogColumns(payload: Uint8Array): LogColumns {
  const { buffer, byteOffset } = payload.byteOffset % 8 === 0 ? payload : payload.slice();
  const [s, n, flags] = new Uint32Array(buffer, byteOffset, 3) as unknown as [number, number, number];
  const layout = layoutOf(s, n, flags);
  const times = new Float64Array(buffer, byteOffset + HEADER_BYTES, flags & ONE_TIME ? 1 : n);
  return {
    ids: new Uint8Array(buffer, byteOffset + layout.ids, ID_BYTES * s),
    counts: flags & ONE_POINT_EACH ? new Uint32Array(s).fill(1) : new Uint32Array(buffer, byteOffset + layout.counts, s),
    timestamps: flags & ONE_TIME ? new Float64Array(n).fill(times[0]!) : times,
    values: new Float64Array(buffer, byteOffset + layout.values, n),
  };
}

/** Decodes a payload, run after run. */
export function decodeLog(payload: Uint8Array): LogPoints[] {
  const { ids, counts, timestamps, values } = decodeLogColumns(payload);
  let row = 0;
  return runsOf(ids).map(({ run, series }) => {
    const [start, end] = [row, (row += counts[run]!)];
    return { series, timestamps: timestamps.subarray(start, end), values: values.subarray(start, end) };
  });
}

/** Up to so many series are looked for among the ids of a batch; for more of them, all ids are read. */
const FEW_SERIES = 16;

/** Which runs of a batch are of which series, ascending; `only` leaves out every other series. */
export function runsOf(ids: Uint8Array, only?: ReadonlySet<SeriesId>): { readonly run: number; readonly series: SeriesId }[] {
  if (only !== undefined && only.size <= FEW_SERIES) return findRuns(ids, only);
  const runs: { run: number; series: SeriesId }[] = [];
  for (let run = 0; run * ID_BYTES < ids.length; run++) {
    const series = `ser_${base32hex(ids.subarray(run * ID_BYTES, (run + 1) * ID_BYTES))}` as SeriesId;
    if (only === undefined || only.has(series)) runs.push({ run, series });
  }
  return runs;
}

/** The same, looking for the bytes of each: making a text of each id, to compare it, would take many times as long. */
function findRuns(ids: Uint8Array, wanted: ReadonlySet<SeriesId>): { run: number; series: SeriesId }[] {
  const runs: { run: number; series: SeriesId }[] = [];
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  const id = new Uint8Array(ID_BYTES);
  for (const series of wanted) {
    writeId(id, 0, series);
    for (let at = bytes.indexOf(id); at !== -1; at = bytes.indexOf(id, at + 1))
      if (at % ID_BYTES === 0) runs.push({ run: at / ID_BYTES, series });
  }
  return runs.toSorted((a, b) => a.run - b.run);
}

const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 32; digit++) DIGITS["0123456789abcdefghijklmnopqrstuv".charCodeAt(digit)] = digit;

/** Writes the 120 bits of an id: eight characters make five bytes. */
function writeId(bytes: Uint8Array, offset: number, id: SeriesId): void {
  for (let group = 0; group < 3; group++) {
    const at = 4 + 8 * group;
    let high = 0;
    let low = 0;
    for (let character = 0; character < 4; character++) {
      high = (high << 5) | DIGITS[id.charCodeAt(at + character)]!;
      low = (low << 5) | DIGITS[id.charCodeAt(at + 4 + character)]!;
    }
    const to = offset + 5 * group;
    bytes[to] = high >> 12;
    bytes[to + 1] = high >> 4;
    bytes[to + 2] = (high << 4) | (low >> 16);
    bytes[to + 3] = low >> 8;
    bytes[to + 4] = low;
  }
}
