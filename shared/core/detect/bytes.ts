/** Writes numbers one after the other, little-endian. */
export interface ByteWriter {
  u8(value: number): void;
  u16(value: number): void;
  u32(value: number): void;
  f64(value: number): void;
  f64s(values: Float64Array): void;
  done(): Uint8Array;
}

/** Reads what a ByteWriter wrote. @throws RangeError beyond the end. */
export interface ByteReader {
  u8(): number;
  u16(): number;
  u32(): number;
  f64(): number;
  f64s(n: number): Float64Array;
  readonly left: number;
}

/** @param capacity - Bytes; more than these are a RangeError. */
export function byteWriter(capacity: number): ByteWriter {
  const bytes = new Uint8Array(capacity);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const f64 = (value: number) => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  return {
    u8(value) {
      view.setUint8(at, value);
      at += 1;
    },
    u16(value) {
      view.setUint16(at, value, true);
      at += 2;
    },
    u32(value) {
      view.setUint32(at, value, true);
      at += 4;
    },
    f64,
    f64s(values) {
      for (const value of values) f64(value);
    },
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
  const f64 = () => view.getFloat64(skip(8), true);
  return {
    u8: () => view.getUint8(skip(1)),
    u16: () => view.getUint16(skip(2), true),
    u32: () => view.getUint32(skip(4), true),
    f64,
    f64s: (n) => Float64Array.from({ length: n }, f64),
    get left() {
      return bytes.byteLength - at;
    },
  };
}
