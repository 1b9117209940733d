import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { asDecimals } from "./decimals.ts";
import type { Decimals } from "./decimals.ts";
import { readVarint, unzigzag, VARINT_BYTES, writeVarint, zigzag } from "./varint.ts";
import type { Unread, Written } from "./varint.ts";

/** Ascending timestamps, Unix ms, and values, shape (n,) each. */
interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** A chunk as it is stored: the encoding number stands beside the bytes. */
export interface EncodedChunk {
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** Compressed whole: u32 n, differences of differences of the timestamps as zigzag varints, the values as eight planes of bytes. Read only. */
const COMPRESSED_PLANES = 1;
/** As encodeChunk says, without compression. */
const PLAIN = 2;
/** As encodeChunk says, what can be compressed in Zstandard, after its length. */
const COMPRESSED = 3;

const REGULAR = 0;
const IRREGULAR = 1;
const DECIMALS = 0;
const DIFFERENCES = 1;
const DOUBLES = 2;
const BITS = 3;

/** A plane whose bytes have more bits of information each than this does not become smaller. */
const NOISE_BITS = 7.6;
/** Fewer rows than this cannot tell noise. */
const ROWS_TO_TELL_NOISE = 512;

/**
 * Encodes ascending points: varint n and the first timestamp; a step where all are equal, else the first difference and the differences
 * of differences; then the values, the smallest of
 * - whole numbers, where the values have few decimals: above the least of them, in planes of bytes (all lowest bytes, all second bytes, ...);
 * - the differences of such numbers, likewise;
 * - doubles in eight planes of bytes, where neighbours resemble each other: each as it is, or beside the row before; without compression, as they are.
 * What looks like noise lies at the end, where no compression is tried on it.
 *
 * @param points - Ascending, without a timestamp twice; every bit comes back.
 * @param options.compress - Whether it pays: a chunk that is soon merged into a larger one is only written and read once or twice.
 * @param options.decimals - The values' asDecimals, where the caller has it.
 */
export function encodeChunk(
  { timestamps, values }: Columns,
  { compress, decimals = asDecimals(values) }: { compress: boolean; decimals?: Decimals | null },
): EncodedChunk {
  const n = timestamps.length;
  const part: Written = { bytes: new Uint8Array(8 * VARINT_BYTES + n * (VARINT_BYTES + 8)), end: 0 };
  writeVarint(part, n);
  writeTimestamps(part, timestamps);
  const noise: Uint8Array[] = [];
  if (decimals !== null) writeDecimals(part, decimals);
  else if (compress) noise.push(...writeDoubles(part, values));
  else writeBits(part, values);
  const written = part.bytes.subarray(0, part.end);
  if (!compress) return { encoding: PLAIN, data: written.slice() };

  const compressed = zstdCompressSync(written);
  const head: Written = { bytes: new Uint8Array(VARINT_BYTES), end: 0 };
  writeVarint(head, compressed.length);
  return { encoding: COMPRESSED, data: Buffer.concat([head.bytes.subarray(0, head.end), compressed, ...noise]) };
}

/** Decodes what encodeChunk made, now or in an earlier version; of no bytes, no points. */
export function decodeChunk({ encoding, data }: EncodedChunk): { timestamps: Float64Array; values: Float64Array } {
  if (data.length === 0) return { timestamps: new Float64Array(), values: new Float64Array() };
  if (encoding === COMPRESSED_PLANES) return decodePlanes(zstdDecompressSync(data));
  if (encoding === PLAIN) {
    const part: Unread = { bytes: data, at: 0 };
    return readColumns(part, part);
  }
  if (encoding !== COMPRESSED) throw new Error(`A chunk has encoding ${encoding}, which this version does not know`);
  const noise: Unread = { bytes: data, at: 0 };
  const length = readVarint(noise);
  const part: Unread = { bytes: zstdDecompressSync(data.subarray(noise.at, noise.at + length)), at: 0 };
  noise.at += length;
  return readColumns(part, noise);
}

function readColumns(part: Unread, noise: Unread): { timestamps: Float64Array; values: Float64Array } {
  const n = readVarint(part);
  const timestamps = readTimestamps(part, n);
  const kind = part.bytes[part.at++]!;
  if (kind === DOUBLES) return { timestamps, values: readDoubles(part, noise, n) };
  return { timestamps, values: kind === BITS ? readBits(part, n) : readDecimals(part, n, kind) };
}

function writeTimestamps(to: Written, timestamps: Float64Array): void {
  const n = timestamps.length;
  const step = n > 1 ? timestamps[1]! - timestamps[0]! : 0;
  let row = 2;
  while (row < n && step === timestamps[row]! - timestamps[row - 1]!) row += 1;
  const regular = row >= n;
  to.bytes[to.end++] = regular ? REGULAR : IRREGULAR;
  writeVarint(to, n > 0 ? timestamps[0]! : 0);
  writeVarint(to, step);
  if (regular) return;
  let before = step;
  for (row = 2; row < n; row++) {
    const difference = timestamps[row]! - timestamps[row - 1]!;
    writeVarint(to, zigzag(difference - before));
    before = difference;
  }
}

function readTimestamps(from: Unread, n: number): Float64Array {
  const timestamps = new Float64Array(n);
  const kind = from.bytes[from.at++]!;
  const first = readVarint(from);
  let difference = readVarint(from);
  if (kind === REGULAR) {
    for (let row = 0; row < n; row++) timestamps[row] = first + row * difference;
    return timestamps;
  }
  timestamps[0] = first;
  timestamps[1] = first + difference;
  for (let row = 2; row < n; row++) {
    difference += unzigzag(readVarint(from));
    timestamps[row] = timestamps[row - 1]! + difference;
  }
  return timestamps;
}

function writeDecimals(to: Written, { decimals, integers }: Decimals): void {
  const n = integers.length;
  let [least, most] = [integers[0] ?? 0, integers[0] ?? 0];
  for (const integer of integers) {
    if (integer < least) least = integer;
    if (integer > most) most = integer;
  }
  // Numbers are taken as 32 bits wherever they are so short: that is several times as fast.
  const short = most - least < 2 ** 30;
  const [above, differences] = short ? [new Int32Array(n), new Int32Array(n)] : [new Float64Array(n), new Float64Array(n)];
  let [bitsAbove, bitsOfDifferences, before] = [0, 0, integers[0] ?? 0];
  for (let row = 0; row < n; row++) {
    const integer = integers[row]!;
    const code = zigzag(integer - before);
    above[row] = integer - least;
    differences[row] = code;
    bitsAbove += short ? 32 - Math.clz32(integer - least) : bitsOf(integer - least);
    bitsOfDifferences += short ? 32 - Math.clz32(code) : bitsOf(code);
    before = integer;
  }
  const [kind, first, codes] =
    bitsAbove <= bitsOfDifferences ? ([DECIMALS, least, above] as const) : ([DIFFERENCES, integers[0]!, differences] as const);
  let largest = 0;
  for (const code of codes) if (code > largest) largest = code;
  const width = Math.ceil(bitsOf(largest) / 8);
  to.bytes[to.end++] = kind;
  to.bytes[to.end++] = decimals;
  to.bytes[to.end++] = width;
  writeVarint(to, zigzag(first));
  const { bytes } = to;
  for (let [plane, scale] = [0, 1]; plane < width; plane++, scale *= 256, to.end += n) {
    const start = to.end;
    if (short) for (let row = 0; row < n; row++) bytes[start + row] = codes[row]! >>> (8 * plane);
    else for (let row = 0; row < n; row++) bytes[start + row] = Math.floor(codes[row]! / scale) % 256;
  }
}

function readDecimals(from: Unread, n: number, kind: number): Float64Array {
  const decimals = from.bytes[from.at++]!;
  const width = from.bytes[from.at++]!;
  const first = unzigzag(readVarint(from));
  const unit = 10 ** decimals;
  const { bytes } = from;
  const values = new Float64Array(n);
  if (width < 4) {
    const codes = new Int32Array(n);
    for (let plane = 0; plane < width; plane++, from.at += n) {
      const start = from.at;
      for (let row = 0; row < n; row++) codes[row]! |= bytes[start + row]! << (8 * plane);
    }
    let integer = first;
    for (let row = 0; row < n; row++) {
      const code = codes[row]!;
      integer = kind === DECIMALS ? first + code : integer + ((code >>> 1) ^ -(code & 1));
      values[row] = integer / unit;
    }
    return values;
  }
  for (let [plane, scale] = [0, 1]; plane < width; plane++, scale *= 256, from.at += n) {
    const start = from.at;
    for (let row = 0; row < n; row++) values[row]! += bytes[start + row]! * scale;
  }
  let integer = first;
  for (let row = 0; row < n; row++) {
    integer = kind === DECIMALS ? first + values[row]! : integer + unzigzag(values[row]!);
    values[row] = integer / unit;
  }
  return values;
}

/** @returns The planes that look like noise. */
function writeDoubles(to: Written, values: Float64Array): Uint8Array[] {
  const n = values.length;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const noise: Uint8Array[] = [];
  const head = to.end + 1;
  to.bytes[head - 1] = DOUBLES;
  to.end += 3;
  let [besides, noises] = [0, 0];
  for (let plane = 0; plane < 8; plane++) {
    const own = new Uint8Array(n);
    const beside = new Uint8Array(n);
    for (let row = 0; row < n; row++) own[row] = raw[8 * row + plane]!;
    for (let row = 0; row < n; row++) beside[row] = own[row]! ^ (row === 0 ? 0 : own[row - 1]!);
    const [bits, bitsBeside] = [informationOf(own), informationOf(beside)];
    const bytes = bitsBeside < bits ? beside : own;
    if (bitsBeside < bits) besides |= 1 << plane;
    if (n >= ROWS_TO_TELL_NOISE && Math.min(bits, bitsBeside) > NOISE_BITS) {
      noises |= 1 << plane;
      noise.push(bytes);
    } else {
      to.bytes.set(bytes, to.end);
      to.end += n;
    }
  }
  to.bytes[head] = besides;
  to.bytes[head + 1] = noises;
  return noise;
}

function readDoubles(part: Unread, noise: Unread, n: number): Float64Array {
  const besides = part.bytes[part.at++]!;
  const noises = part.bytes[part.at++]!;
  const values = new Float64Array(n);
  const raw = new Uint8Array(values.buffer);
  for (let plane = 0; plane < 8; plane++) {
    const from = noises & (1 << plane) ? noise : part;
    let before = 0;
    if (besides & (1 << plane)) for (let row = 0; row < n; row++) raw[8 * row + plane] = before ^= from.bytes[from.at + row]!;
    else for (let row = 0; row < n; row++) raw[8 * row + plane] = from.bytes[from.at + row]!;
    from.at += n;
  }
  return values;
}

function writeBits(to: Written, values: Float64Array): void {
  to.bytes[to.end++] = BITS;
  to.bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), to.end);
  to.end += values.byteLength;
}

function readBits(from: Unread, n: number): Float64Array {
  const values = new Float64Array(n);
  new Uint8Array(values.buffer).set(from.bytes.subarray(from.at, from.at + values.byteLength));
  from.at += values.byteLength;
  return values;
}

/** Bits of information that a byte has among the others, whatever their order: Shannon's entropy. */
function informationOf(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]! += 1;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  return bytes.length === 0 ? 0 : Math.log2(bytes.length) - sum / bytes.length;
}

/** How long a whole number is, in bits. */
const bitsOf = (code: number): number => (code < 2 ** 32 ? 32 - Math.clz32(code) : 64 - Math.clz32(Math.floor(code / 2 ** 32)));

function decodePlanes(bytes: Uint8Array): { timestamps: Float64Array; values: Float64Array } {
  const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const timestamps = new Float64Array(n);
  const values = new Float64Array(n);
  const from: Unread = { bytes, at: 4 };
  let previous = 0;
  let step = 0;
  for (let row = 0; row < n; row++) {
    step += unzigzag(readVarint(from));
    previous += step;
    timestamps[row] = previous;
  }
  const raw = new Uint8Array(values.buffer);
  for (let plane = 0; plane < 8; plane++) {
    for (let row = 0; row < n; row++) raw[8 * row + plane] = bytes[from.at++]!;
  }
  return { timestamps, values };
}
