/** Bytes that are written one after another; `end` of them count. */
export interface Written {
  bytes: Uint8Array;
  end: number;
}

/** Bytes that are read one after another, from `at` on. */
export interface Unread {
  readonly bytes: Uint8Array;
  at: number;
}

/** A signed whole number as one without a sign: small ones stay small. Exact below 2^52; shifts would cut it at 32 bits. */
export const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);
export const unzigzag = (code: number): number => (code % 2 === 0 ? code / 2 : -(code + 1) / 2);

/** The most bytes that a varint takes. */
export const VARINT_BYTES = 8;

/** Writes a whole number below 2^53, seven bits a byte, the lowest first. The bytes must have room. */
export function writeVarint(to: Written, code: number): void {
  let rest = code;
  while (rest > 127) {
    to.bytes[to.end++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  to.bytes[to.end++] = rest;
}

/** @throws RangeError where the bytes end before the number does: what was cut off is never read on for ever. */
export function readVarint(from: Unread): number {
  let code = 0;
  let scale = 1;
  for (;;) {
    const byte = from.bytes[from.at++];
    if (byte === undefined) throw new RangeError("The bytes end within a number");
    if (byte < 128) return code + byte * scale;
    code += (byte - 128) * scale;
    scale *= 128;
  }
}
