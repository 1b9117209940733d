/** Writes numbers one after the other, little-endian, as every processor that this runs on has them in memory. */
export interface ByteWriter {
  u8(value: number): void;
  u16(value: number): void;
  u32(value: number): void;
  f64(value: number): void;
  f64s(values: Float64Array): void;
  f32s(values: Float32Array): void;
  u8s(values: Uint8Array): void;
  done(): Uint8Array;
}

/** Reads what a ByteWriter wrote. @throws RangeError beyond the end. */
export interface ByteReader {
  u8(): number;
  u16(): number;
  u32(): number;
  f64(): number;
  f64s(n: number): Float64Array;
  f32s(n: number): Float32Array;
  u8s(n: number): Uint8Array;
  readonly left: number;
}

/** @param capacity - Bytes; more than these are a RangeError. */
export function byteWriter(capacity: number): ByteWriter {
  const bytes = new Uint8Array(capacity);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const advance = (n: number) => {
    const from = at;
    at += n;
    return from;
  };
  const copy = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), advance(byteLength));
  };
  return {
    u8(value) {
      view.setUint8(advance(1), value);
    },
    u16(value) {
      view.setUint16(advance(2), value, true);
    },
    u32(value) {
      view.setUint32(advance(4), value, true);
    },
    f64(value) {
      view.setFloat64(advance(8), value, true);
    },
    f64s: copy,
    f32s: copy,
    u8s: copy,
    done: () => bytes.slice(0, at),
  };
}

/** A reader from the first byte on. */
export function byteReader(bytes: Uint8Array): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const skip = (n: number) => {
    const from = at;
    at += n;
    return from;
  };
  const copy = (length: number) => {
    const from = skip(length);
    if (at > bytes.byteLength) throw new RangeError("The bytes end before what is read of them");
    const read = new Uint8Array(length);
    read.set(bytes.subarray(from, at));
    return read;
  };
  return {
    u8: () => view.getUint8(skip(1)),
    u16: () => view.getUint16(skip(2), true),
    u32: () => view.getUint32(skip(4), true),
    f64: () => view.getFloat64(skip(8), true),
    f64s: (n) => new Float64Array(copy(8 * n).buffer),
    f32s: (n) => new Float32Array(copy(4 * n).buffer),
    u8s: copy,
    get left() {
      return bytes.byteLength - at;
    },
  };
}
