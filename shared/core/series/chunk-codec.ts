import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** The encoding number that stands beside a chunk of this layout. */
export const CHUNK_ENCODING = 1;

/**
 * Encodes ascending points as one compressed chunk: u32 n; the first timestamp and then the differences of differences as zigzag
 * varints; the values as eight planes of bytes (all first bytes, all second bytes, ...), where neighbours resemble each other. Zstandard over all.
 *
 * @param timestamps - Unix ms, whole, ascending, shape (n,).
 * @param values - Shape (n,). Every bit comes back.
 */
export function encodeChunk({ timestamps, values }: { timestamps: Float64Array; values: Float64Array }): Uint8Array {
  const n = timestamps.length;
  const bytes = new Uint8Array(4 + 10 * n + 8 * n);
  new DataView(bytes.buffer).setUint32(0, n, true);
  let end = 4;
  let previous = 0;
  let step = 0;
  for (const timestamp of timestamps) {
    const delta = timestamp - previous;
    end = writeVarint(bytes, end, zigzag(delta - step));
    step = delta;
    previous = timestamp;
  }
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let plane = 0; plane < 8; plane++) {
    for (let row = 0; row < n; row++) bytes[end++] = raw[8 * row + plane]!;
  }
  return zstdCompressSync(bytes.subarray(0, end));
}

/** Decodes what encodeChunk made. */
export function decodeChunk(data: Uint8Array): { timestamps: Float64Array; values: Float64Array } {
  const bytes = zstdDecompressSync(data);
  const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const timestamps = new Float64Array(n);
  const values = new Float64Array(n);
  let position = 4;
  let previous = 0;
  let step = 0;
  for (let row = 0; row < n; row++) {
    let code = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes[position++]!;
      code += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    step += code % 2 === 0 ? code / 2 : -(code + 1) / 2;
    previous += step;
    timestamps[row] = previous;
  }
  const raw = new Uint8Array(values.buffer);
  for (let plane = 0; plane < 8; plane++) {
    for (let row = 0; row < n; row++) raw[8 * row + plane] = bytes[position++]!;
  }
  return { timestamps, values };
}

// Times reach 2^48, so codes stay exact in a double; shifts would cut them at 32 bits.
const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);

function writeVarint(bytes: Uint8Array, start: number, code: number): number {
  let position = start;
  let rest = code;
  while (rest > 127) {
    bytes[position++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[position++] = rest;
  return position;
}
