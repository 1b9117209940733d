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
export const LOG_ENCODING = 1;
const ID_BYTES = 15;

/**
 * Encodes one batch for the write log, in columns: u32 runs s, u32 points n, f64 timestamps (n), f64 values (n), u32 points of
 * each run (s), 15-byte ids (s); little-endian.
 */
export function encodeLog({ series, counts, timestamps, values }: PointBatch<{ readonly series: SeriesId }>): Uint8Array {
  const [s, n] = [series.length, timestamps.length];
  const bytes = new Uint8Array(8 + 16 * n + (4 + ID_BYTES) * s);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, s, true);
  view.setUint32(4, n, true);
  new Float64Array(bytes.buffer, 8, n).set(timestamps);
  new Float64Array(bytes.buffer, 8 + 8 * n, n).set(values);
  new Uint32Array(bytes.buffer, 8 + 16 * n, s).set(counts);
  let id = 8 + 16 * n + 4 * s;
  for (const { series: of } of series) {
    writeId(bytes, id, of);
    id += ID_BYTES;
  }
  return bytes;
}

/** A batch as it lies in the log, row after row of the first series, then of the next: views of the payload. */
export interface LogColumns {
  /** What readIds reads. Batches of the same series in the same order have the same bytes. */
  readonly ids: Uint8Array;
  /** Points of each series, shape (s,). */
  readonly counts: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Decodes a payload without taking it apart. */
export function decodeLogColumns(payload: Uint8Array): LogColumns {
  const { buffer, byteOffset, byteLength } = payload.byteOffset % 8 === 0 ? payload : payload.slice();
  const view = new DataView(buffer, byteOffset, byteLength);
  const seriesCount = view.getUint32(0, true);
  const n = view.getUint32(4, true);
  const counts = 8 + 16 * n;
  return {
    ids: new Uint8Array(buffer, byteOffset + counts + 4 * seriesCount, ID_BYTES * seriesCount),
    counts: new Uint32Array(buffer, byteOffset + counts, seriesCount),
    timestamps: new Float64Array(buffer, byteOffset + 8, n),
    values: new Float64Array(buffer, byteOffset + 8 + 8 * n, n),
  };
}

/** The series of a batch, shape (s,). */
export function readIds(ids: Uint8Array): SeriesId[] {
  const series: SeriesId[] = [];
  for (let start = 0; start < ids.length; start += ID_BYTES) {
    series.push(`ser_${base32hex(ids.subarray(start, start + ID_BYTES))}` as SeriesId);
  }
  return series;
}

/** Decodes a payload; `only` leaves out every other series. */
export function decodeLog(payload: Uint8Array, only?: ReadonlySet<string>): LogPoints[] {
  const { ids, counts, timestamps, values } = decodeLogColumns(payload);
  const batch: LogPoints[] = [];
  let row = 0;
  for (const [index, series] of readIds(ids).entries()) {
    const end = row + counts[index]!;
    if (only === undefined || only.has(series)) {
      batch.push({ series, timestamps: timestamps.subarray(row, end), values: values.subarray(row, end) });
    }
    row = end;
  }
  return batch;
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
