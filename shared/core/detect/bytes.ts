/** Writes numbers one after the other, little-endian. */
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
  const f64 = (value: number) => {
    view.setFloat64(advance(8), value, true);
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
    f64,
    f64s(values) {
      for (const value of values) f64(value);
    },
    f32s(values) {
      for (const value of values) view.setFloat32(advance(4), value, true);
    },
    u8s(values) {
      bytes.set(values, advance(values.length));
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
    f32s: (n) => Float32Array.from({ length: n }, () => view.getFloat32(skip(4), true)),
    u8s(n) {
      const from = skip(n);
      if (at > bytes.byteLength) throw new RangeError("The bytes end before what is read of them");
      return bytes.slice(from, at);
    },
    get left() {
      return bytes.byteLength - at;
    },
  };
}
